import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { result } from '../graphql/result.ts'
import { NameTaken, NotFound } from '../lib/problems.ts'
import type { SavedView as Row } from './saved-view.ts'
import { createSavedView, deleteSavedView, listSavedViews } from './saved-views.service.ts'

const SavedView = builder.prismaObject('SavedView', {
  description: 'Filters of one list of the console that you keep under a name. Visible only to whose it is.',
  authScopes: (view, { viewer }) => view.userId === viewer?.id,
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    name: t.exposeString('name', { description: 'Unique among your views of this page.' }),
    path: t.exposeString('path', { description: 'The page of the console, such as `/admin/keys`.' }),
    query: t.exposeString('query', { description: 'The filters and the order, as in the address of the page.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
})

builder.queryField('savedViews', (t) =>
  t.field({
    type: [SavedView],
    description: 'Your own views of one page of the console, the oldest first; no more than 50.',
    authScopes: { signedIn: true },
    args: { path: t.arg.string({ required: true, description: 'The page, such as `/admin/keys`.' }) },
    resolve: (_root, { path }, context) => listSavedViews(signedIn(context), path),
  }),
)

const scopes = { signedIn: true, write: true } as const

const successOf = (name: string, description: string) =>
  builder.objectRef<Row>(name).implement({
    description,
    fields: (t) => ({
      savedView: t.field({ type: SavedView, description: 'The view.', resolve: (view) => view }),
    }),
  })

const CreateSavedViewInput = builder.inputType('CreateSavedViewInput', {
  description: 'Filters to keep.',
  fields: (t) => ({
    path: t.string({ required: true, description: 'The page, such as `/admin/keys`.' }),
    name: t.string({ required: true, description: '1 to 40 characters, unique among your views of this page.' }),
    query: t.string({ required: true, description: 'The filters and the order, as in the address of the page.' }),
  }),
})

builder.mutationField('createSavedView', (t) =>
  t.field({
    type: successOf('CreateSavedViewSuccess', 'The view is kept.'),
    description: 'Keeps filters under a name, for yourself.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreateSavedViewInput, required: true, description: 'The view.' }) },
    errors: result('createSavedView', [NameTaken]),
    resolve: (_root, { input }, context) => createSavedView(signedIn(context), input),
  }),
)

builder.mutationField('deleteSavedView', (t) =>
  t.field({
    type: successOf('DeleteSavedViewSuccess', 'The view is gone; what it showed is untouched.'),
    description: 'Removes one of your own views.',
    authScopes: scopes,
    args: { input: t.arg({ type: idInput('DeleteSavedViewInput', 'view'), required: true, description: 'The view.' }) },
    errors: result('deleteSavedView', [NotFound]),
    resolve: (_root, { input }, context) => deleteSavedView(signedIn(context), input.id),
  }),
)
