import { followWithApproved } from '../keys/follow-policy.service.ts'
import { type KeyWithSecret, once } from '../keys/idempotent.service.ts'
import { isExpired, KeyDeleted, KeyExpired, keyEditSchema, subjectOf } from '../keys/key.ts'
import * as noun from '../keys/key-request.ts'
import * as store from '../keys/key-requests.store.ts'
import { type ApiKeyRow, lockKeys, updateKey } from '../keys/keys.store.ts'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { type Order, type PageArgs, toKeyset, toPage, toSorting } from '../lib/page.ts'
import { NotFound } from '../lib/problems.ts'
import { mintSecret, toStoredSecret } from '../lib/secret.ts'
import { isId, parse } from '../lib/text.ts'
import { insertNotices } from '../users/notices.store.ts'
import { type Act, isAdministrator, seesAll } from '../users/viewer.ts'

type Request = noun.KeyRequest
const SORT = { CREATED_AT: { column: 'createdAt', nullable: false, dates: true } } as const

/** Requesters and owners see theirs, approvers what they may answer, administrators and auditors all. */
const visibleTo = ({ viewer }: Act) =>
  seesAll(viewer)
    ? {}
    : { OR: [{ requesterId: viewer.id }, { key: { ownerId: viewer.id } }, store.approvableBy(viewer.id)] }

export type KeyRequestFilter = {
  readonly status?: readonly noun.KeyRequestStatus[] | null | undefined
  readonly mine?: boolean | null | undefined
}

/** A page of the requests the viewer may see. */
export async function listKeyRequests(
  act: Act,
  args: PageArgs,
  { status, mine }: KeyRequestFilter,
  order: Order<keyof typeof SORT>,
) {
  const { db, clock } = act.parts
  const now = clock.now()
  const where = {
    AND: [
      visibleTo(act),
      status && status.length > 0 ? { OR: status.map((one) => store.statusWhere(one, now)) } : {},
      mine ? { OR: [{ requesterId: act.viewer.id }, { key: { ownerId: act.viewer.id } }] } : {},
    ],
  }
  const sorting = toSorting(SORT, order)
  const page = toPage(await store.listRequests(db.prisma, where, toKeyset(args, sorting)), args, sorting)
  return { ...page, countAll: () => store.countRequests(db.prisma, where) }
}

type Answered = { readonly request: store.KeyRequestRow; readonly row: ApiKeyRow }
type Decision = { readonly status: noun.KeyRequestStatus; readonly comment?: string | null | undefined }

/** Locks a request that is still open, and its key. */
async function getOpen(act: Act, tx: Tx, id: string): Promise<{ request: Request; key: ApiKeyRow }> {
  const request = isId(id) ? await store.lockRequest(tx, { id, ...visibleTo(act) }) : null
  if (!request) throw new NotFound('request')
  if (noun.requestStatus(request, act.parts.clock.now()) !== 'PENDING') throw new noun.RequestClosed()
  const [key] = await lockKeys(tx, [request.keyId])
  if (!key || key.deletedAt) throw new noun.RequestClosed()
  return { request, key }
}

/** Administrators and the approvers of the policy answer; nobody their own, unless the installation allows it. */
async function requireApprover(act: Act, tx: Tx, request: Request, key: ApiKeyRow) {
  const { viewer } = act
  const approves = await store.countRequests(tx, { id: request.id, ...store.approvableBy(viewer.id) })
  if (!isAdministrator(viewer) && approves === 0) throw new NotFound('request')
  const isOwn = request.requesterId === viewer.id || key.ownerId === viewer.id
  if (isOwn && !(await store.getSettings(tx)).selfApprovalAllowed) throw new noun.OwnRequest()
}

/** Writes the answer down and tells who asked, and the owner. */
async function decide({ parts, viewer }: Act, tx: Tx, request: Request, key: ApiKeyRow, { status, comment }: Decision) {
  const now = parts.clock.now()
  const told = [...new Set([request.requesterId, key.ownerId])].filter((userId) => userId !== viewer.id)
  const subject = { subjectType: 'KeyRequest', subjectId: request.id, subjectName: key.name }
  const details = { answer: status.toLowerCase(), by: viewer.username, ...(comment && { comment }) }
  const notice = { kind: 'APPROVAL_ANSWERED' as const, occasion: `answer:${request.id}`, ...subject, details }
  await insertNotices(
    tx,
    told.map((userId) => ({ userId, ...notice })),
    now,
  )
  const answer = { status, comment: comment ?? null, decidedById: viewer.id, decidedAt: now }
  await store.updateRequest(tx, request.id, answer)
}

/** The request as it is after the answer. */
async function answered({ parts }: Act, id: string, row: ApiKeyRow): Promise<Answered> {
  const request = await store.findRequest(parts.db.prisma, { id })
  if (!request) throw new NotFound('request')
  return { row, request }
}

export type Approval = {
  readonly id: string
  readonly comment?: string | null | undefined
  readonly expiresAt?: Date | null | undefined
  readonly models?: readonly string[] | null | undefined
  readonly addresses?: readonly string[] | null | undefined
  readonly endpoints?: ApiKeyRow['endpoints'] | null | undefined
}

/**
 * Lets a key work, as asked or with changes. Its secret is shown when the requester claims it. Throws `NotFound`,
 * `RequestClosed`, `OwnRequest`, `KeyExpired`, `LifetimeTooLong`, `InvalidInput`.
 */
export async function approveKeyRequest(act: Act, { id, comment, ...wished }: Approval): Promise<Answered> {
  const now = act.parts.clock.now()
  const { comment: said } = parse(noun.commentSchema, { comment })
  const changes = parse(keyEditSchema(now), wished)
  const approved = await change(act, async (tx, record) => {
    const { request, key } = await getOpen(act, tx, id)
    await requireApprover(act, tx, request, key)
    const shifted = request.lifetimeIsDefault && key.expiresAt !== null
    const waitedMs = now.getTime() - key.createdAt.getTime()
    const asked = shifted && key.expiresAt ? new Date(key.expiresAt.getTime() + waitedMs) : key.expiresAt
    const expiresAt = changes.expiresAt === undefined ? asked : changes.expiresAt
    if (isExpired({ expiresAt }, now)) throw new KeyExpired()
    await followWithApproved(tx, { ...key, expiresAt }, now)
    const { models = key.models, addresses = key.addresses, endpoints = key.endpoints } = changes
    const after = {
      pending: false,
      expiresAt,
      models: [...models],
      addresses: [...addresses],
      endpoints: [...endpoints],
    }
    const row = await updateKey(tx, key.id, after)
    const before = { pending: true, expiresAt: key.expiresAt }
    record({ action: 'approveKeyRequest', ...subjectOf(key), before, after: { ...after, comment: said } })
    await decide(act, tx, request, key, { status: 'APPROVED', comment: said })
    return row
  })
  return answered(act, id, approved)
}

/** Hides a key that will not be, so that its name is free. */
async function close(act: Act, tx: Tx, request: Request, key: ApiKeyRow, decision: Decision) {
  await decide(act, tx, request, key, decision)
  return updateKey(tx, key.id, { deletedAt: act.parts.clock.now() })
}

/** Says no, with a reason. Throws `NotFound`, `RequestClosed`, `OwnRequest`, `InvalidInput`. */
export async function declineKeyRequest(act: Act, input: { readonly id: string; readonly comment: string }) {
  const { comment } = parse(noun.reasonSchema, input)
  const declined = await change(act, async (tx, record) => {
    const { request, key } = await getOpen(act, tx, input.id)
    await requireApprover(act, tx, request, key)
    record({ action: 'declineKeyRequest', ...subjectOf(key), before: { pending: true }, after: { comment } })
    return close(act, tx, request, key, { status: 'DECLINED', comment })
  })
  return answered(act, input.id, declined)
}

/** Takes a request back: by who asked, or the key's owner. Throws `NotFound`, `RequestClosed`. */
export async function withdrawKeyRequest(act: Act, id: string): Promise<Answered> {
  const withdrawn = await change(act, async (tx, record) => {
    const { request, key } = await getOpen(act, tx, id)
    if (request.requesterId !== act.viewer.id && key.ownerId !== act.viewer.id) throw new NotFound('request')
    record({ action: 'withdrawKeyRequest', ...subjectOf(key), before: { pending: true } })
    return close(act, tx, request, key, { status: 'WITHDRAWN' })
  })
  return answered(act, id, withdrawn)
}

export type Claim = { readonly id: string; readonly idempotencyKey?: string | null | undefined }

/**
 * Mints the secret of an approved key and shows it, once, to who asked for the key. Throws `NotFound`, `KeyPending`,
 * `RequestClosed`, `SecretClaimed`, `KeyExpired`, `KeyDeleted`, `IdempotencyKeyReused`.
 */
export async function claimApiKeySecret(act: Act, input: Claim): Promise<KeyWithSecret> {
  const { clock, keyring, random } = act.parts
  return once(act, 'claimApiKeySecret', input, (claim) =>
    change(act, async (tx, record) => {
      const now = clock.now()
      const request = isId(input.id) ? await store.lockRequest(tx, { id: input.id, requesterId: act.viewer.id }) : null
      if (!request) throw new NotFound('request')
      await claim(tx, request.keyId)
      const [key] = await lockKeys(tx, [request.keyId])
      if (request.status === 'PENDING') throw new noun.KeyPending()
      if (request.status !== 'APPROVED' || !key) throw new noun.RequestClosed()
      if (key.deletedAt) throw new KeyDeleted()
      if (isExpired(key, now)) throw new KeyExpired()
      if (request.claimedAt) throw new noun.SecretClaimed()
      const secret = mintSecret(random.bytes, 'aic_')
      const stored = { ...toStoredSecret(keyring, secret, 'aic_'), id: random.uuidv7(), createdAt: now }
      if (!(await store.replaceUnknownSecret(tx, key.id, stored))) throw new noun.SecretClaimed()
      await store.updateRequest(tx, request.id, { claimedAt: now })
      const row = await updateKey(tx, key.id, {})
      record({ action: 'claimApiKeySecret', ...subjectOf(key), after: { publicId: stored.publicId } })
      return { row, secret }
    }),
  )
}
