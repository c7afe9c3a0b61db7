import type { RefusalCause } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'
import { describeLimit } from '../limits/limit.ts'

/** Names by cause and id, of deleted things too; of a limit that has none, what it counts. */
export async function findNames(
  tx: Tx,
  asked: readonly { readonly type: RefusalCause; readonly id: string }[],
): Promise<ReadonlyMap<string, string>> {
  const idsOf = (...types: RefusalCause[]) => asked.filter(({ type }) => types.includes(type)).map(({ id }) => id)
  const select = { id: true, name: true } as const
  const where = (ids: readonly string[]) => ({ where: { id: { in: [...ids] } }, select })
  const [limits, ...named] = await Promise.all([
    tx.limit.findMany({ where: { id: { in: idsOf('LIMIT') } } }),
    tx.rule.findMany(where(idsOf('RULE'))),
    tx.apiKey.findMany(where(idsOf('KEY_RESTRICTION', 'ADDRESS'))),
    tx.provider.findMany(where(idsOf('PROVIDER_MODELS'))),
  ])
  const described = limits.map((limit) => ({ id: limit.id, name: limit.name ?? describeLimit(limit) }))
  return new Map([...described, ...named.flat()].map(({ id, name }) => [id, name]))
}
