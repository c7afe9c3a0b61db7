import { hashEntry } from '../lib/audit.ts'
import type { Db } from '../lib/db.ts'
import type { PageArgs } from '../lib/page.ts'
import { InvalidInput } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import type { Act } from '../users/viewer.ts'
import * as store from './audit.store.ts'

const DEFAULT_SIZE = 25
const MAX_SIZE = 100

function readSize(path: string, size: number) {
  if (size < 0 || size > MAX_SIZE) throw new InvalidInput([{ path, message: `must be from 0 to ${MAX_SIZE}.` }])
  return size
}

function readSeq(path: string, cursor: string | null | undefined): bigint | null {
  if (cursor == null) return null
  if (!/^\d{1,18}$/.test(cursor)) throw new InvalidInput([{ path, message: 'is not a cursor of this list.' }])
  return BigInt(cursor)
}

/** A page of the audit log, the newest entry first. The number of an entry is its cursor. */
export async function listAuditEntries({ parts }: Act, args: PageArgs, filter: store.AuditEntryFilter) {
  const backward = args.last != null
  const size = readSize(backward ? 'last' : 'first', args.last ?? args.first ?? DEFAULT_SIZE)
  const after = backward ? readSeq('before', args.before) : readSeq('after', args.after)
  const impossible = [filter.actorId, filter.subjectId].some((id) => id != null && !isId(id))
  const { prisma } = parts.db
  const found = impossible
    ? []
    : await store.listEntries(prisma, filter, { after, newestFirst: !backward, take: size + 1 })
  const page = found.slice(0, size)
  const edges = (backward ? page.toReversed() : page).map((node) => ({ node, cursor: node.seq.toString() }))
  const more = found.length > size
  return {
    edges,
    pageInfo: {
      hasNextPage: backward ? after !== null : more,
      hasPreviousPage: backward ? more : after !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    countAll: () => (impossible ? Promise.resolve(0) : store.countEntries(prisma, filter)),
  }
}

/**
 * `head`: the hash of the last of the proven entries. `brokenAt`: the first entry that is missing, moved or edited;
 * null when the chain is whole.
 */
export type ChainCheck = { readonly entries: number; readonly head: Uint8Array; readonly brokenAt: bigint | null }

const PAGE = 1000

/** Reads the whole audit log and computes every hash again. */
export async function verifyAuditChain({ prisma }: Db): Promise<ChainCheck> {
  const last = await store.getHead(prisma)
  let seq = 0n
  let head: Uint8Array = new Uint8Array(32)
  const upToHere = (brokenAt: bigint | null): ChainCheck => ({ entries: Number(seq), head, brokenAt })
  while (seq < last.seq) {
    const rows = await store.listEntries(prisma, {}, { after: seq, newestFirst: false, take: PAGE })
    for (const row of rows) {
      const expected = seq + 1n
      const chained = row.seq === expected && Buffer.from(row.previousHash).equals(head)
      if (!chained || !Buffer.from(row.hash).equals(hashEntry(head, row))) return upToHere(expected)
      seq = row.seq
      head = row.hash
      if (seq === last.seq) break
    }
    if (rows.length === 0) return upToHere(seq + 1n)
  }
  return upToHere(Buffer.from(last.hash).equals(head) ? null : seq)
}
