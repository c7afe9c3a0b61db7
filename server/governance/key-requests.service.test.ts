import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { KeyExpired } from '../keys/key.ts'
import { KeyPending, OwnRequest, RequestClosed, SecretClaimed } from '../keys/key-request.ts'
import { findApiKey, restoreApiKey, updateApiKey } from '../keys/keys.service.ts'
import { createKeyType, createPolicy } from '../keys/policies.service.ts'
import { LifetimeTooLong } from '../keys/policy-check.ts'
import { rotateApiKey } from '../keys/rotate-key.service.ts'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { readSecret } from '../lib/secret.ts'
import { testWorld } from '../test/world.ts'
import * as requests from './key-requests.service.ts'
import { updateGovernanceSettings } from './settings.service.ts'

const world = await testWorld()
const provider = await world.provider()
const [requester, stranger, approver] = [await world.person(), await world.person(), await world.person()]
const [administrator, auditor] = [await world.person('ADMINISTRATOR'), await world.person('AUDITOR')]
const { inDays } = world.clock
const group = await world.db.prisma.group.create({
  data: { name: 'Approvers', members: { create: { userId: approver.viewer.id } } },
})
const keyType = await createKeyType(administrator, { name: 'Guarded' })
const rules = { approvalRequired: true, approverGroupId: group.id, defaultLifetimeDays: 30, maxLifetimeDays: 60 }
await createPolicy(administrator, { keyType, ...rules })
let count = 0

async function ask(by = requester, set: object = {}) {
  const input = { name: `Key ${++count}`, providerId: provider.id, type: keyType, ...set }
  const { row, secret } = await createApiKey(by, input)
  const { id } = await world.db.prisma.keyRequest.findUniqueOrThrow({ where: { keyId: row.id } })
  return { id, row, secret }
}

const listed = async (by: typeof requester, filter: requests.KeyRequestFilter = {}) => {
  const order = { field: 'CREATED_AT', direction: 'ASC' } as const
  return (await requests.listKeyRequests(by, { first: 100 }, filter, order)).edges.map(({ node }) => node.id)
}

test('a key that needs approval is made pending, without a secret to show', async () => {
  const { row, secret } = await ask()
  expect([row.pending, secret]).toEqual([true, null])
  await expect(rotateApiKey(requester, { id: row.id, overlap: 'NOW' })).rejects.toThrow(KeyPending)
  await expect(updateApiKey(requester, { id: row.id, name: 'Renamed key' })).rejects.toThrow(KeyPending)
})

test('after the approval the requester, and nobody else, is shown the secret, once', async () => {
  const { id, row } = await ask()
  await expect(requests.claimApiKeySecret(requester, { id })).rejects.toThrow(KeyPending)
  const { request } = await requests.approveKeyRequest(approver, { id, comment: 'For the launch' })
  expect([request.status, request.comment, request.decidedBy?.displayName]).toEqual([
    'APPROVED',
    'For the launch',
    approver.viewer.username,
  ])
  for (const other of [stranger, approver, administrator]) {
    await expect(requests.claimApiKeySecret(other, { id })).rejects.toThrow(NotFound)
  }
  const input = { id, idempotencyKey: `claim-${id}` }
  const answers = await Promise.all([1, 2, 3].map(() => requests.claimApiKeySecret(requester, input)))
  const [secret, ...more] = answers.flatMap((answer) => answer.secret ?? [])
  expect(more).toEqual([])
  const stored = await world.db.prisma.keySecret.findMany({ where: { keyId: row.id } })
  expect(stored.map(({ publicId }) => publicId)).toEqual([readSecret(secret ?? '', 'aic_')?.publicId])
  await expect(requests.claimApiKeySecret(requester, { id })).rejects.toThrow(SecretClaimed)
})

test('an approver can change what was asked for, and its requester cannot widen it afterwards', async () => {
  const { id, row } = await ask()
  await requests.approveKeyRequest(administrator, { id, expiresAt: inDays(10), models: ['gpt-4o'] })
  const key = await findApiKey(requester, row.id)
  expect([key?.expiresAt, key?.models, key?.pending]).toEqual([inDays(10), ['gpt-4o'], false])
  for (const wider of [{ models: [] }, { expiresAt: inDays(20) }, { addresses: ['10.0.0.0/8'] }]) {
    await expect(updateApiKey(requester, { id: row.id, ...wider })).rejects.toThrow(InvalidInput)
  }
  await updateApiKey(requester, { id: row.id, expiresAt: inDays(5), purpose: 'Launch' })
  const late = await ask()
  await expect(requests.approveKeyRequest(administrator, { id: late.id, expiresAt: inDays(61) })).rejects.toThrow(
    LifetimeTooLong,
  )
})

test('a default lifetime begins with the approval, a chosen expiry stays', async () => {
  const [byDefault, chosen, short] = [
    await ask(),
    await ask(requester, { expiresAt: inDays(40) }),
    await ask(requester, { expiresAt: inDays(3) }),
  ]
  world.clock.set(inDays(5))
  expect((await requests.approveKeyRequest(approver, { id: byDefault.id })).row.expiresAt).toEqual(inDays(30))
  expect((await requests.approveKeyRequest(approver, { id: chosen.id })).row.expiresAt).toEqual(chosen.row.expiresAt)
  await expect(requests.approveKeyRequest(approver, { id: short.id })).rejects.toThrow(KeyExpired)
})

test('nobody answers their own request or one for their own key, unless a setting allows it', async () => {
  const own = await ask(approver)
  await expect(requests.approveKeyRequest(approver, { id: own.id })).rejects.toThrow(OwnRequest)
  const forOwner = await ask(administrator, { ownerId: approver.viewer.id })
  await expect(requests.declineKeyRequest(approver, { id: forOwner.id, comment: 'No' })).rejects.toThrow(OwnRequest)
  await expect(requests.approveKeyRequest(administrator, { id: forOwner.id })).rejects.toThrow(OwnRequest)
  await updateGovernanceSettings(administrator, { selfApprovalAllowed: true })
  await requests.approveKeyRequest(approver, { id: own.id })
  await updateGovernanceSettings(administrator, { selfApprovalAllowed: false })
})

test('a decline needs a reason, frees the name, and ends the request', async () => {
  const { id, row } = await ask()
  await expect(requests.declineKeyRequest(approver, { id, comment: ' ' })).rejects.toThrow(InvalidInput)
  await requests.declineKeyRequest(approver, { id, comment: 'Use the shared key' })
  await expect(requests.approveKeyRequest(approver, { id })).rejects.toThrow(RequestClosed)
  await expect(requests.withdrawKeyRequest(requester, id)).rejects.toThrow(RequestClosed)
  await expect(restoreApiKey(requester, row.id)).rejects.toThrow(KeyPending)
  await ask(requester, { name: row.name })
})

test('who asked can withdraw; an old request is expired and cannot be answered', async () => {
  const [withdrawn, old] = [await ask(), await ask()]
  await expect(requests.withdrawKeyRequest(approver, withdrawn.id)).rejects.toThrow(NotFound)
  await requests.withdrawKeyRequest(requester, withdrawn.id)
  world.clock.set(inDays(14))
  await expect(requests.approveKeyRequest(approver, { id: old.id })).rejects.toThrow(RequestClosed)
  expect(await listed(requester, { status: ['EXPIRED'] })).toContain(old.id)
  expect(await listed(requester, { status: ['WITHDRAWN'] })).toEqual([withdrawn.id])
})

test('two approvers who answer at once do not both succeed', async () => {
  const { id } = await ask()
  const answers = await Promise.allSettled([
    requests.approveKeyRequest(approver, { id }),
    requests.declineKeyRequest(administrator, { id, comment: 'No' }),
  ])
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('a stranger sees no request and answers none; auditors see all and answer none', async () => {
  const { id } = await ask()
  expect(await listed(stranger)).toEqual([])
  await expect(requests.approveKeyRequest(stranger, { id })).rejects.toThrow(NotFound)
  await expect(requests.declineKeyRequest(stranger, { id, comment: 'No' })).rejects.toThrow(NotFound)
  await expect(requests.withdrawKeyRequest(stranger, id)).rejects.toThrow(NotFound)
  await expect(requests.approveKeyRequest(requester, { id })).rejects.toThrow(NotFound)
  await expect(requests.approveKeyRequest(auditor, { id })).rejects.toThrow(NotFound)
  for (const reader of [requester, approver, administrator, auditor]) expect(await listed(reader)).toContain(id)
})
