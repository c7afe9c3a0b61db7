import { createHash } from 'node:crypto'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { mintSecret, toStoredSecret } from '../lib/secret.ts'
import { isId, parse } from '../lib/text.ts'
import { isViolationOf } from '../lib/unique.ts'
import { type Act, isAdministrator } from '../users/viewer.ts'
import { DEFAULT_TYPE, defaultExpiry, IdempotencyKeyReused, idempotencyKeySchema, newKeySchema } from './key.ts'
import { requireType } from './keys.service.ts'
import * as store from './keys.store.ts'

export type NewApiKey = {
  readonly name: string
  readonly providerId: string
  /** Administrators may choose; null: the viewer. */
  readonly ownerId?: string | null | undefined
  readonly type?: string | null | undefined
  readonly purpose?: string | null | undefined
  readonly application?: string | null | undefined
  readonly environment?: string | null | undefined
  /** Undefined: the type's default lifetime. Null: never. */
  readonly expiresAt?: Date | null | undefined
  readonly idempotencyKey?: string | null | undefined
}

/** `secret` is null when the idempotency key was used before: the secret exists once, in the first answer. */
export type CreatedApiKey = { readonly row: store.ApiKeyRow; readonly secret: string | null }

const OPERATION = 'createApiKey'

/** Thrown to roll back when somebody else has just used the same idempotency key. */
class AlreadyDone extends Error {}

const hashInput = ({ idempotencyKey: _, ...input }: NewApiKey) =>
  new Uint8Array(
    createHash('sha256')
      .update(JSON.stringify(Object.entries(input).toSorted(([a], [b]) => (a < b ? -1 : 1))))
      .digest(),
  )

async function requireOwner(act: Act, tx: Tx, ownerId: string) {
  const mayChoose = ownerId === act.viewer.id || isAdministrator(act.viewer)
  const owner = mayChoose && isId(ownerId) ? await store.findOwner(tx, ownerId) : null
  if (!owner) throw new NotFound('user')
  if (!owner.active) throw new InvalidInput([{ path: 'ownerId', message: 'is disabled.' }])
}

async function requireProvider(tx: Tx, providerId: string) {
  const provider = isId(providerId) ? await store.findProvider(tx, providerId) : null
  if (!provider) throw new NotFound('provider')
  if (!provider.enabled) throw new InvalidInput([{ path: 'providerId', message: 'is disabled.' }])
}

async function create(act: Act, input: NewApiKey): Promise<CreatedApiKey> {
  const { parts, viewer } = act
  const createdAt = parts.clock.now()
  const { type: givenType, expiresAt, ...values } = parse(newKeySchema(createdAt), input)
  const type = givenType ?? DEFAULT_TYPE
  const ownerId = input.ownerId ?? viewer.id
  const secret = mintSecret(parts.random.bytes, 'aic_')
  const stored = { ...toStoredSecret(parts.keyring, secret, 'aic_'), id: parts.random.uuidv7() }
  const id = parts.random.uuidv7()
  return change(act, async (tx, record) => {
    await requireType(tx, type)
    await requireOwner(act, tx, ownerId)
    await requireProvider(tx, input.providerId)
    if (input.idempotencyKey) {
      const by = { userId: viewer.id, operation: OPERATION, key: input.idempotencyKey }
      if (!(await store.recordIdempotent(tx, by, hashInput(input), id))) throw new AlreadyDone()
    }
    const facts = {
      ...values,
      type,
      ownerId,
      providerId: input.providerId,
      expiresAt: expiresAt === undefined ? defaultExpiry(type, createdAt) : expiresAt,
    }
    const row = await store.insertKey(tx, { id, creatorId: viewer.id, createdAt, ...facts }, stored)
    record({
      action: OPERATION,
      subjectType: 'ApiKey',
      subjectId: id,
      subjectName: row.name,
      after: { ...facts, publicId: stored.publicId },
    })
    return { row, secret }
  })
}

async function findDone(act: Act, input: NewApiKey): Promise<CreatedApiKey | null> {
  const { prisma } = act.parts.db
  if (!input.idempotencyKey) return null
  const done = await store.findIdempotent(prisma, {
    userId: act.viewer.id,
    operation: OPERATION,
    key: input.idempotencyKey,
  })
  if (!done) return null
  if (!Buffer.from(done.inputHash).equals(hashInput(input))) throw new IdempotencyKeyReused()
  const row = await store.findKey(prisma, { id: done.resultId })
  return row && { row, secret: null }
}

/**
 * Makes a key and its one secret, which only this answer holds. With an idempotency key, repeating the call finds
 * the first key instead, without its secret. Throws `InvalidInput`, `NotFound` (user or provider), `NameTaken`,
 * `IdempotencyKeyReused`.
 */
export async function createApiKey(act: Act, input: NewApiKey): Promise<CreatedApiKey> {
  parse(idempotencyKeySchema, input)
  const done = await findDone(act, input)
  if (done) return done
  try {
    return await create(act, input)
  } catch (error) {
    if (isViolationOf(error, 'api_keys_owner_name_live_key')) throw new NameTaken('key of this owner')
    const first = error instanceof AlreadyDone ? await findDone(act, input) : null
    if (first) return first
    throw error
  }
}
