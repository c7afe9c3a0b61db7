import { hashEntry } from '../lib/audit.ts'
import { type Order, type PageArgs, readSize } from '../lib/page.ts'
import type { Parts } from '../lib/parts.ts'
import { InvalidInput } from '../lib/problems.ts'
import { areIds } from '../lib/text.ts'
import type { Act } from '../users/viewer.ts'
import * as store from './audit.store.ts'
import { BEGINNING, type Checkpoint, isGenuine } from './audit-checkpoint.ts'

function readSeq(path: string, cursor: string | null | undefined): bigint | null {
  if (cursor == null) return null
  if (!/^\d{1,18}$/.test(cursor)) throw new InvalidInput([{ path, message: 'is not a cursor of this list.' }])
  return BigInt(cursor)
}

/** A page of the audit log. Numbers grow with time: that of an entry is its cursor. */
export async function listAuditEntries(
  { parts }: Act,
  args: PageArgs,
  filter: store.AuditEntryFilter,
  direction: Order<never>['direction'] = 'DESC',
) {
  const backward = args.last != null
  const newestFirst = direction === 'DESC'
  const size = readSize(args)
  const [after, before] = [readSeq('after', args.after), readSeq('before', args.before)]
  const [below, above] = newestFirst ? [after, before] : [before, after]
  const impossible = !areIds(filter.actorId, filter.subjectId)
  const { prisma } = parts.db
  const found = impossible
    ? []
    : await store.listEntries(prisma, filter, { below, above, newestFirst: newestFirst !== backward, take: size + 1 })
  const page = found.slice(0, size)
  const edges = (backward ? page.toReversed() : page).map((node) => ({ node, cursor: node.seq.toString() }))
  const more = found.length > size
  return {
    edges,
    pageInfo: {
      hasNextPage: backward ? before !== null : more,
      hasPreviousPage: backward ? more : after !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    countAll: () => (impossible ? Promise.resolve(0) : store.countEntries(prisma, filter)),
  }
}

/**
 * `entries`: how many are proven, from the checkpoint or the first one on. `head`: the hash of the last of them.
 * `brokenAt`: the first entry that is missing, moved or edited; null when the chain is whole. `checkpoint`: what the
 * proof begins at; null: at the first entry.
 */
export type ChainCheck = {
  readonly entries: number
  readonly head: Uint8Array
  readonly brokenAt: bigint | null
  readonly checkpoint: Checkpoint | null
}

/** More rows at once would hold up everybody else on this node. */
const PAGE = 100

/** Computes the hashes of entries that follow a place. `end`: how far they are proven. */
export function checkPage(rows: readonly store.AuditEntryRow[], from: store.ChainPlace) {
  let end = from
  for (const row of rows) {
    const chained = row.seq === end.seq + 1n && Buffer.from(row.previousHash).equals(end.hash)
    if (!chained || !Buffer.from(row.hash).equals(hashEntry(end.hash, row))) return { end, brokenAt: end.seq + 1n }
    end = row
  }
  return { end, brokenAt: null }
}

/** Reads the whole audit log, from the newest checkpoint on, and computes every hash again. */
export async function verifyAuditChain({ db, keyring }: Pick<Parts, 'db' | 'keyring'>): Promise<ChainCheck> {
  const last = await store.getHead(db.prisma)
  const checkpoint = await store.findCheckpoint(db.prisma)
  const start = checkpoint ?? BEGINNING
  let end: store.ChainPlace = start
  const upToHere = (brokenAt: bigint | null): ChainCheck => {
    return { entries: Number(end.seq - start.seq), head: end.hash, brokenAt, checkpoint }
  }
  if (checkpoint && !isGenuine(keyring, checkpoint)) return upToHere(checkpoint.seq)
  while (end.seq < last.seq) {
    const found = await store.listEntries(db.prisma, {}, { above: end.seq, newestFirst: false, take: PAGE })
    const rows = found.filter(({ seq }) => seq <= last.seq)
    const page = checkPage(rows, end)
    end = page.end
    if (page.brokenAt !== null || rows.length === 0) return upToHere(end.seq + 1n)
  }
  return upToHere(Buffer.from(last.hash).equals(end.hash) ? null : end.seq)
}
