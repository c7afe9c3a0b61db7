import { visibleKeys } from '../keys/keys.service.ts'
import { type Ask, type Format, type Lines, readDate, readOneId, writeRows } from '../lib/export.ts'
import { FIRST_ID, NO_ROW } from '../lib/page.ts'
import { type Act, seesAll } from '../users/viewer.ts'
import { type AuditEntryFilter, listEntries } from './audit.store.ts'
import { readKeyFilter } from './key-filter-query.ts'
import { readRegister } from './register.store.ts'
import { findReview, listItems } from './reviews.store.ts'

const REGISTER = [
  ...[
    'id',
    'name',
    'prefix',
    'type',
    'purpose',
    'application',
    'environment',
    'fields',
    'owner',
    'creator',
    'provider',
  ],
  ...['status', 'createdAt', 'expiresAt', 'lastUsedAt', 'secretCreatedAt', 'deletedAt', 'leakedAt'],
  ...['review', 'reviewDecision', 'reviewedAt'],
]

/** The register of keys and purposes: own keys; for administrators and auditors all. */
export async function exportRegister(act: Act, ask: Ask, format: Format): Promise<Lines> {
  const filter = readKeyFilter(ask)
  const where = filter ? await visibleKeys(act, filter) : NO_ROW
  return writeRows(REGISTER, readRegister(act.parts.db, where, act.parts.clock.now()), format)
}

const AUDIT = [
  ...['seq', 'at', 'actorId', 'actorName', 'via', 'address', 'requestId', 'action', 'subjectType', 'subjectId'],
  ...['subjectName', 'before', 'after', 'previousHash', 'hash'],
]

/** The audit log from the oldest entry on, with the hashes that prove it. Null: the viewer may not read it. */
export function exportAudit({ parts, viewer }: Act, ask: Ask, format: Format): Lines | null {
  if (!seesAll(viewer)) return null
  const filter = {
    actorId: readOneId(ask('actorId')),
    subjectType: ask('subjectType'),
    subjectId: readOneId(ask('subjectId')),
    action: ask('action'),
    requestId: ask('requestId'),
    from: readDate(ask('from')),
    to: readDate(ask('to')),
  }
  return writeRows(AUDIT, auditBatches(parts, filter), format)
}

/** More rows at once would hold up everybody else on this node. */
const BATCH = 100
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

async function* auditBatches({ db }: Act['parts'], filter: AuditEntryFilter) {
  for (let after = 0n; ; ) {
    const rows = await listEntries(db.prisma, filter, { above: after, newestFirst: false, take: BATCH })
    yield rows.map((row) => ({
      ...row,
      seq: row.seq.toString(),
      previousHash: hex(row.previousHash),
      hash: hex(row.hash),
    }))
    const last = rows.at(-1)
    if (!last || rows.length < BATCH) return
    after = last.seq
  }
}

const REVIEW = [
  ...[
    'id',
    'keyId',
    'keyName',
    'keyType',
    'purpose',
    'ownerId',
    'ownerName',
    'providerName',
    'expiresAt',
    'lastUsedAt',
  ],
  ...['requests30', 'requests90', 'decision', 'comment', 'decidedByName', 'decidedAt', 'signature'],
]

/** The report of a review; each row carries the signature the review was closed with. Null: not the viewer's to read. */
export async function exportReview({ parts, viewer }: Act, ask: Ask, format: Format): Promise<Lines | null> {
  const id = readOneId(ask('id'))
  const review = seesAll(viewer) && id ? await findReview(parts.db.prisma, { id }) : null
  if (!review) return null
  const signature = review.signature && hex(review.signature)
  return writeRows(REVIEW, reviewBatches(parts, review.id, signature), format)
}

async function* reviewBatches({ db }: Act['parts'], reviewId: string, signature: string | null) {
  for (let after = FIRST_ID; ; ) {
    const keyset = { where: { id: { gt: after } }, orderBy: [{ id: 'asc' }], take: BATCH }
    const items = await listItems(db.prisma, { reviewId }, keyset)
    yield items.map((item) => ({
      ...item,
      requests30: Number(item.requests30),
      requests90: Number(item.requests90),
      signature,
    }))
    const last = items.at(-1)
    if (!last || items.length < BATCH) return
    after = last.id
  }
}
