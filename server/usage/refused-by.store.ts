import type { RefusalCause } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'

type Named = { readonly id: string; readonly name: string | null }

/** Names by cause and id, of deleted things too; whatever has no name is left out. */
export async function findNames(
  tx: Tx,
  asked: readonly { readonly type: RefusalCause; readonly id: string }[],
): Promise<ReadonlyMap<string, string>> {
  const idsOf = (...types: RefusalCause[]) => asked.filter(({ type }) => types.includes(type)).map(({ id }) => id)
  const select = { id: true, name: true } as const
  const where = (ids: readonly string[]) => ({ where: { id: { in: [...ids] } }, select })
  const found: Named[][] = await Promise.all([
    tx.rule.findMany(where(idsOf('RULE'))),
    tx.apiKey.findMany(where(idsOf('KEY_RESTRICTION', 'ADDRESS'))),
    tx.provider.findMany(where(idsOf('PROVIDER_MODELS'))),
    tx.limit.findMany(where(idsOf('LIMIT'))),
  ])
  return new Map(found.flat().flatMap(({ id, name }) => (name === null ? [] : [[id, name] as const])))
}
