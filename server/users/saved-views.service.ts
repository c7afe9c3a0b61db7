import { change } from '../lib/change.ts'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { isId, parse } from '../lib/text.ts'
import { violationOf } from '../lib/unique.ts'
import { MAX_VIEWS, type NewView, newViewSchema, type SavedView } from './saved-view.ts'
import * as store from './saved-views.store.ts'
import type { Act } from './viewer.ts'

/** The viewer's own views of one page of the console, the oldest first. Nobody has another person's. */
export const listSavedViews = ({ parts, viewer }: Act, path: string): Promise<SavedView[]> =>
  store.listViews(parts.db.prisma, { userId: viewer.id, path: path.replaceAll('\0', '') })

const subjectOf = ({ id, name }: SavedView) => ({ subjectType: 'SavedView', subjectId: id, subjectName: name })

/** Keeps filters under a name. Throws `InvalidInput`, `NameTaken`. */
export async function createSavedView(act: Act, input: NewView): Promise<SavedView> {
  const { parts, viewer } = act
  const values = parse(newViewSchema, input)
  const view = { id: parts.random.uuidv7(), userId: viewer.id, ...values, createdAt: parts.clock.now() }
  return change(act, async (tx, record) => {
    if ((await store.countViews(tx, { userId: viewer.id, path: values.path })) >= MAX_VIEWS) {
      throw new InvalidInput([{ path: 'name', message: `is one too many: delete one of your ${MAX_VIEWS} views.` }])
    }
    record({ action: 'createSavedView', ...subjectOf(view), after: values })
    return store.insertView(tx, view)
  }).catch(violationOf('saved_views_user_id_path_name_key', () => new NameTaken('view of yours')))
}

/** Throws `NotFound`, for anybody else's too. */
export async function deleteSavedView(act: Act, id: string): Promise<SavedView> {
  return change(act, async (tx, record) => {
    const view = isId(id) ? await store.deleteView(tx, { id, userId: act.viewer.id }) : null
    if (!view) throw new NotFound('view')
    record({ action: 'deleteSavedView', ...subjectOf(view) })
    return view
  })
}
