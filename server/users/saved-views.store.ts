import type { Tx } from '../lib/db.ts'
import type { SavedView } from './saved-view.ts'

type OfPage = { readonly userId: string; readonly path: string }

export const listViews = (tx: Tx, where: OfPage): Promise<SavedView[]> =>
  tx.savedView.findMany({ where, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] })

export const countViews = (tx: Tx, where: OfPage) => tx.savedView.count({ where })

export const insertView = (tx: Tx, data: SavedView): Promise<SavedView> => tx.savedView.create({ data })

/** The view that was, or null when this person has none of this id. */
export async function deleteView(tx: Tx, where: { readonly id: string; readonly userId: string }) {
  const view = await tx.savedView.findFirst({ where })
  if (view) await tx.savedView.deleteMany({ where })
  return view
}
