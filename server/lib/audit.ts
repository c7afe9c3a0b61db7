import { createHash } from 'node:crypto'
import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from './db.ts'
import { toJson } from './differences.ts'

/** Who does something. A signed-in viewer is one; so is the system itself. */
export type Actor = {
  readonly id: string | null
  readonly username: string
  readonly via: 'session' | 'access_token' | 'setup' | 'sign_in' | 'system'
}

/** Where a request came from. */
export type Origin = {
  readonly requestId: string | null
  readonly address: string | null
  readonly userAgent: string | null
}

/**
 * One fact for the audit log. `before` and `after` are values without secrets, kept as JSON (whole numbers of any size
 * as decimal texts); only what differs is needed.
 */
export type AuditFact = {
  readonly action: string
  readonly subjectType: string
  readonly subjectId: string | null
  readonly subjectName: string | null
  readonly before?: Readonly<Record<string, unknown>>
  readonly after?: Readonly<Record<string, unknown>>
}

type Row = Prisma.AuditEntryCreateManyInput & { readonly seq: bigint; readonly at: Date }

/** JSON with sorted members, so that a value read back from jsonb gives the same text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null)
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}

type Hashed = {
  readonly seq: bigint
  readonly at: Date
  readonly actorId?: string | null
  readonly actorName: string
  readonly via: string
  readonly address?: string | null
  readonly requestId?: string | null
  readonly action: string
  readonly subjectType: string
  readonly subjectId?: string | null
  readonly subjectName?: string | null
  readonly before?: unknown
  readonly after?: unknown
}

/** SHA-256 over the hash of the row before and everything this row says. */
export function hashEntry(previousHash: Uint8Array, row: Hashed) {
  const said = [
    row.seq.toString(),
    row.at.toISOString(),
    row.actorId,
    row.actorName,
    row.via,
    row.address,
    row.requestId,
    row.action,
    row.subjectType,
    row.subjectId,
    row.subjectName,
    row.before,
    row.after,
  ]
  return new Uint8Array(createHash('sha256').update(previousHash).update(canonical(said)).digest())
}

const plain = (value: Readonly<Record<string, unknown>> | undefined): Prisma.InputJsonObject | undefined =>
  value === undefined ? undefined : JSON.parse(toJson(value))

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** One statement with one parameter, whatever the number of rows. */
async function insertEntries(tx: Tx, rows: readonly Row[]): Promise<void> {
  const entries = rows.map(({ seq, previousHash, hash, ...said }) => ({
    ...said,
    seq: seq.toString(),
    previousHash: hex(previousHash),
    hash: hex(hash),
  }))
  await tx.$executeRaw`
    INSERT INTO audit_entries (seq, at, actor_id, actor_name, via, address, request_id, action,
      subject_type, subject_id, subject_name, before, after, previous_hash, hash)
    SELECT seq, at, "actorId", "actorName", via, address, "requestId", action,
      "subjectType", "subjectId", "subjectName", before, after, decode("previousHash", 'hex'), decode(hash, 'hex')
    FROM jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) AS entry (seq bigint, at timestamptz, "actorId" uuid,
      "actorName" text, via text, address text, "requestId" text, action text, "subjectType" text, "subjectId" uuid,
      "subjectName" text, before jsonb, after jsonb, "previousHash" text, hash text)`
}

/** So many rows are written in one go: a thousand would hold up everybody else on this node. */
const SLICE = 200

type Head = { readonly seq: bigint; readonly hash: Uint8Array<ArrayBuffer> }

/**
 * Appends facts to the chain and answers the number of the last one. Takes the lock that puts all changes in order,
 * so it must be the last statement of its transaction.
 */
export async function appendAudit(
  tx: Tx,
  by: { readonly actor: Actor; readonly origin: Origin; readonly at: Date },
  facts: readonly AuditFact[],
): Promise<bigint> {
  const [head] = await tx.$queryRaw<Head[]>`SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE`
  if (!head) throw new Error('the audit chain has no head')
  let { seq, hash } = head
  for (let from = 0; from < facts.length; from += SLICE) {
    const rows = facts.slice(from, from + SLICE).map((fact): Row => {
      seq += 1n
      const said = {
        seq,
        at: by.at,
        actorId: by.actor.id,
        actorName: by.actor.username,
        via: by.actor.via,
        address: by.origin.address,
        requestId: by.origin.requestId,
        action: fact.action,
        subjectType: fact.subjectType,
        subjectId: fact.subjectId,
        subjectName: fact.subjectName,
        before: plain(fact.before),
        after: plain(fact.after),
      }
      const previousHash = hash
      hash = hashEntry(previousHash, said)
      return { ...said, previousHash, hash }
    })
    await insertEntries(tx, rows)
  }
  await tx.$executeRaw`
    WITH head AS (UPDATE audit_head SET seq = ${seq}, hash = ${hash} WHERE id = 1 RETURNING seq)
    SELECT pg_notify('aic_changes', seq::text) FROM head`
  return seq
}
