import type { z } from 'zod'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { mintSecret, toStoredSecret } from '../lib/secret.ts'
import { isId, parse } from '../lib/text.ts'
import { insertNotices } from '../users/notices.store.ts'
import { type Act, isAdministrator } from '../users/viewer.ts'
import { followWithNew } from './follow-policy.service.ts'
import { type KeyWithSecret, once } from './idempotent.service.ts'
import { DEFAULT_TYPE, type KeyDetails, newKeySchema, subjectOf } from './key.ts'
import { requestExpiry } from './key-request.ts'
import { getSettings, insertRequest, listApproverIds } from './key-requests.store.ts'
import { nameTaken, requireType } from './keys.service.ts'
import * as store from './keys.store.ts'
import { findPolicy } from './policies.store.ts'
import { type Policy, withFields } from './policy.ts'
import { defaultExpiry } from './policy-check.ts'

type NewApiKey = KeyDetails & {
  readonly name: string
  readonly providerId: string
  /** Administrators may choose; null: the viewer. */
  readonly ownerId?: string | null | undefined
  readonly idempotencyKey?: string | null | undefined
}

const OPERATION = 'createApiKey'

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

type Claim = (tx: Tx, keyId: string) => Promise<void>
type Parsed = z.output<ReturnType<typeof newKeySchema>>

/** What the key will be: what was said and, where nothing was, what the policy of its type says. */
function toValues(given: Parsed, policy: Policy | null, createdAt: Date) {
  const { expiresAt, fields, ...values } = given
  return {
    ...values,
    purpose: given.purpose ?? null,
    application: given.application ?? null,
    environment: given.environment ?? null,
    models: [...(given.models ?? policy?.models ?? [])],
    addresses: [...(given.addresses ?? policy?.addresses ?? [])],
    endpoints: [...(given.endpoints ?? policy?.endpoints ?? [])],
    cacheSeconds: given.cacheSeconds ?? null,
    fields: withFields({}, fields),
    type: given.type ?? DEFAULT_TYPE,
    expiresAt: expiresAt === undefined ? defaultExpiry(policy, createdAt) : expiresAt,
  }
}

async function askForApproval({ parts, viewer }: Act, tx: Tx, key: store.ApiKeyRow, lifetimeIsDefault: boolean) {
  const createdAt = parts.clock.now()
  const { requestDays } = await getSettings(tx)
  const expiresAt = requestExpiry(createdAt, requestDays)
  const id = parts.random.uuidv7()
  await insertRequest(tx, { id, keyId: key.id, requesterId: viewer.id, lifetimeIsDefault, createdAt, expiresAt })
  const told = (await listApproverIds(tx, key.type)).filter((userId) => userId !== viewer.id)
  const subject = { subjectType: 'KeyRequest', subjectId: id, subjectName: key.name, details: { by: viewer.username } }
  const notices = told.map((userId) => ({ userId, kind: 'APPROVAL_ASKED' as const, occasion: `ask:${id}`, ...subject }))
  await insertNotices(tx, notices, createdAt)
}

async function create(act: Act, input: NewApiKey, claim: Claim): Promise<KeyWithSecret> {
  const { parts, viewer } = act
  const createdAt = parts.clock.now()
  const given = parse(newKeySchema(createdAt), input)
  const type = given.type ?? DEFAULT_TYPE
  const ownerId = input.ownerId ?? viewer.id
  const secret = mintSecret(parts.random.bytes, 'aic_')
  const stored = { ...toStoredSecret(parts.keyring, secret, 'aic_'), id: parts.random.uuidv7() }
  const id = parts.random.uuidv7()
  return change(act, async (tx, record) => {
    await claim(tx, id)
    await requireType(tx, type)
    await requireOwner(act, tx, ownerId)
    await requireProvider(tx, input.providerId)
    const policy = await findPolicy(tx, { keyType: type })
    const facts = { ...toValues(given, policy, createdAt), ownerId, providerId: input.providerId }
    await followWithNew(tx, policy, facts, createdAt)
    const pending = policy?.approvalRequired === true
    const row = await store.insertKey(tx, { id, creatorId: viewer.id, createdAt, pending, ...facts }, stored)
    record({ action: OPERATION, ...subjectOf(row), after: { ...facts, pending, publicId: stored.publicId } })
    if (!pending) return { row, secret }
    // Nobody is ever told this first secret: the requester claims another one after the approval.
    await askForApproval(act, tx, row, given.expiresAt === undefined)
    return { row, secret: null }
  }).catch(nameTaken)
}

/**
 * Makes a key and its one secret, which only this answer holds; a key that needs approval has none to show yet. With an
 * idempotency key, repeating the call finds the first key instead, without its secret. Throws `InvalidInput`,
 * `NotFound` (user or provider), `NameTaken`, `IdempotencyKeyReused`, and what the policy of its type refuses.
 */
export const createApiKey = (act: Act, input: NewApiKey): Promise<KeyWithSecret> =>
  once(act, OPERATION, input, (claim) => create(act, input, claim))
