import { asSystem, change } from '../lib/change.ts'
import type { Parts } from '../lib/parts.ts'
import { readSettings } from '../users/installation.store.ts'
import { checkPage } from './audit.service.ts'
import * as store from './audit.store.ts'
import { BEGINNING, type Checkpoint, isGenuine, signCheckpoint } from './audit-checkpoint.ts'
import type { Job } from './jobs.service.ts'

const DAY_MS = 86_400_000
const PAGE = 100
/** So many pages go with one checkpoint: other changes wait for no more. */
const PAGES = 200

/** How far the chain is whole and older than an instant, from a checkpoint on. Null: it is broken before that. */
async function findOldEnd(parts: Parts, from: store.ChainPlace, before: Date): Promise<store.ChainPlace | null> {
  let place = from
  for (let page = 0; page < PAGES; page++) {
    const rows = await store.listEntries(parts.db.prisma, {}, { above: place.seq, newestFirst: false, take: PAGE })
    const young = rows.findIndex(({ at }) => at >= before)
    const { end, brokenAt } = checkPage(young === -1 ? rows : rows.slice(0, young), place)
    if (brokenAt !== null) return null
    place = end
    if (young !== -1 || rows.length < PAGE) break
  }
  return place
}

/** Removes what is before a place, behind a signed checkpoint that is itself in the chain. */
function remove(
  parts: Parts,
  known: Pick<Checkpoint, 'seq' | 'entries'>,
  { seq, hash }: store.ChainPlace,
): Promise<void> {
  return change(asSystem(parts), async (tx, record) => {
    // Another node may have been quicker.
    const newest = await store.findCheckpoint(tx)
    if ((newest?.seq ?? 0n) !== known.seq) return
    const entries = known.entries + (seq - known.seq)
    await store.insertCheckpoint(tx, signCheckpoint(parts.keyring, { seq, hash, entries, at: parts.clock.now() }))
    const removed = await store.deleteEntries(tx, seq)
    const subject = { subjectType: 'AuditEntry', subjectId: null, subjectName: `up to ${seq}` }
    const after = { seq: String(seq), hash: Buffer.from(hash).toString('hex'), removed }
    record({ action: 'removeAuditEntries', ...subject, after })
  })
}

/**
 * Removes audit entries that are older than the installation keeps them, unless the chain is broken: what could prove
 * a forgery stays. What is left is proven from the newest checkpoint on.
 */
export async function keepAuditRetention(parts: Parts, now: Date): Promise<void> {
  const { auditRetentionDays } = await readSettings(parts.db.prisma)
  if (auditRetentionDays === null) return
  const before = new Date(now.getTime() - auditRetentionDays * DAY_MS)
  for (;;) {
    const checkpoint = await store.findCheckpoint(parts.db.prisma)
    const genuine = checkpoint === null || isGenuine(parts.keyring, checkpoint)
    const known = checkpoint ?? BEGINNING
    const end = genuine ? await findOldEnd(parts, known, before) : null
    if (end === null) {
      parts.log.error({ checkpoint: String(known.seq) }, 'the audit chain is broken: no entry is removed')
      return
    }
    if (end.seq === known.seq) return
    await remove(parts, known, end)
  }
}

/** The audit log is kept as long as the installation says. */
export const AUDIT_RETENTION_JOB: Job = {
  name: 'audit-retention',
  everyMs: 3_600_000,
  run: (parts, { to }) => keepAuditRetention(parts, to),
}
