import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Tx } from '../lib/db.ts'
import { parse } from '../lib/text.ts'
import type { Act } from '../users/viewer.ts'
import { IdempotencyKeyReused } from './key.ts'
import * as store from './keys.store.ts'

const schema = z.object({
  idempotencyKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'must have 1 to 200 printable ASCII characters without spaces.')
    .nullish(),
})

type Repeatable = { readonly idempotencyKey?: string | null | undefined }

/** A key and the secret that only this answer holds; null when the same call was answered before. */
export type KeyWithSecret = { readonly row: store.ApiKeyRow; readonly secret: string | null }

/** Thrown to roll back when somebody else has just used the same idempotency key. */
class AlreadyDone extends Error {}

const hashInput = (input: Repeatable) => {
  const members = Object.entries(input).filter(([name]) => name !== 'idempotencyKey')
  const text = JSON.stringify(members.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return new Uint8Array(createHash('sha256').update(text).digest())
}

async function findDone(act: Act, operation: string, input: Repeatable): Promise<KeyWithSecret | null> {
  const { prisma } = act.parts.db
  if (!input.idempotencyKey) return null
  const done = await store.findIdempotent(prisma, { userId: act.viewer.id, operation, key: input.idempotencyKey })
  if (!done) return null
  if (!Buffer.from(done.inputHash).equals(hashInput(input))) throw new IdempotencyKeyReused()
  const row = await store.findKey(prisma, { id: done.resultId })
  return row && { row, secret: null }
}

/**
 * Does something that shows a secret at most once per idempotency key: a repeated call finds the key that the first
 * one answered, without its secret. `work` calls `claim` first in its transaction, with the id of that key. Throws
 * `InvalidInput`, `IdempotencyKeyReused`, and what `work` throws.
 */
export async function once(
  act: Act,
  operation: string,
  input: Repeatable,
  work: (claim: (tx: Tx, keyId: string) => Promise<void>) => Promise<KeyWithSecret>,
): Promise<KeyWithSecret> {
  const { idempotencyKey: key } = parse(schema, input)
  const done = await findDone(act, operation, input)
  if (done) return done
  const claim = async (tx: Tx, keyId: string) => {
    if (!key) return
    const by = { userId: act.viewer.id, operation, key }
    if (!(await store.recordIdempotent(tx, by, hashInput(input), keyId))) throw new AlreadyDone()
  }
  try {
    return await work(claim)
  } catch (error) {
    const first = error instanceof AlreadyDone ? await findDone(act, operation, input) : null
    if (first) return first
    throw error
  }
}
