import type { Parts } from '../lib/parts.ts'
import { findKeysOf, findOwnersOf, findProvidersOf } from './entries.store.ts'

type Needs = { readonly parts: Pick<Parts, 'db'> }

const inOrder = <Row extends { readonly id: string }>(ids: readonly string[], rows: readonly Row[]) => {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id) ?? null)
}

// What requests refer to, deleted or not: one query for a whole page. In the order of the ids, null where there is none.

export const loadKeys = async (ids: readonly string[], { parts }: Needs) =>
  inOrder(ids, await findKeysOf(parts.db.prisma, ids))

export const loadOwners = async (ids: readonly string[], { parts }: Needs) =>
  inOrder(ids, await findOwnersOf(parts.db.prisma, ids))

export const loadProviders = async (ids: readonly string[], { parts }: Needs) =>
  inOrder(ids, await findProvidersOf(parts.db.prisma, ids))
