import type { WireFormat } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'
import { InvalidInput } from '../lib/problems.ts'
import { type Member, speakAlike } from './pool.ts'
import * as store from './providers.store.ts'

/** Every member is a provider of its own that speaks what the pool speaks. Throws `InvalidInput`. */
export async function requireMembers(tx: Tx, wireFormat: WireFormat, members: readonly Member[]): Promise<void> {
  const rows = await store.listProvidersOf(
    tx,
    members.map(({ providerId }) => providerId),
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  const issues = members.flatMap(({ providerId }, index) => {
    const row = byId.get(providerId)
    const message = !row
      ? 'There is no such provider.'
      : row.kind === 'POOL'
        ? 'is a pool: a pool has no pools in it.'
        : speakAlike(row.wireFormat, wireFormat)
          ? null
          : 'speaks another wire format than the pool.'
    return message === null ? [] : [{ path: `members.${index}.providerId`, message }]
  })
  if (issues.length > 0) throw new InvalidInput(issues)
}

/** A provider goes on speaking what the pools speak that it is in. Throws `InvalidInput`. */
export async function requireAgreement(tx: Tx, providerId: string, wireFormat: WireFormat): Promise<void> {
  const pools = await store.listPoolsOf(tx, providerId)
  if (pools.every((pool) => speakAlike(pool.wireFormat, wireFormat))) return
  throw new InvalidInput([{ path: 'wireFormat', message: 'is not that of a pool which the provider is in.' }])
}
