import { expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { createKeyType, createPolicy } from '../keys/policies.service.ts'
import { askSchema } from '../test/ask-schema.ts'
import { testWorld } from '../test/world.ts'
import type { Act, Viewer } from '../users/viewer.ts'
import { createWebhook } from './deliveries.service.ts'
import { createAccessReview } from './reviews.service.ts'

const world = await testWorld()
const provider = await world.provider()
const [owner, stranger] = [await world.person(), await world.person()]
const [administrator, auditor] = [await world.person('ADMINISTRATOR'), await world.person('AUDITOR')]
const keyType = await createKeyType(administrator, { name: 'Guarded' })
const policy = await createPolicy(administrator, { keyType, approvalRequired: true })
const input = { name: 'A key', providerId: provider.id }
const { row: key, secret } = await createApiKey(owner, input)
const { row: pending } = await createApiKey(owner, { ...input, name: 'Wanted', type: keyType })
const request = await world.db.prisma.keyRequest.findUniqueOrThrow({ where: { keyId: pending.id } })
const due = { reviewer: 'OWNER', expireUnanswered: true, dueAt: new Date('2027-01-01') } as const
const review = await createAccessReview(administrator, { name: 'Review', ...due })
const item = await world.db.prisma.reviewItem.findFirstOrThrow({ where: { reviewId: review.id, keyId: key.id } })
const hook = { url: 'http://127.0.0.1:9/', kinds: [], enabled: true }
const { webhook } = await createWebhook(administrator, hook)

/** Every mutation of governance, aimed at what belongs to somebody else. */
const ATTACKS: Readonly<Record<string, string>> = {
  rotateApiKey: `{ id: "${key.id}", overlap: NOW }`,
  endOverlap: `{ id: "${key.id}" }`,
  createKeyType: '{ name: "Mine" }',
  deleteKeyType: '{ name: "Guarded" }',
  createPolicy: '{ keyType: "Guarded", rules: {} }',
  updatePolicy: `{ id: "${policy.id}", rules: { approvalRequired: false } }`,
  deletePolicy: `{ id: "${policy.id}" }`,
  applyPolicy: `{ id: "${policy.id}", choice: CAP }`,
  approveKeyRequest: `{ id: "${request.id}" }`,
  declineKeyRequest: `{ id: "${request.id}", comment: "No" }`,
  withdrawKeyRequest: `{ id: "${request.id}" }`,
  claimApiKeySecret: `{ id: "${request.id}" }`,
  updateGovernanceSettings: '{ selfApprovalAllowed: true }',
  updateInstallationSettings: '{ usageRetentionDays: 1 }',
  expireAll: '{ scope: ALL, confirm: "expire every key" }',
  undoEmergency: `{ id: "${key.id}" }`,
  createAccessReview: '{ name: "Mine", reviewer: OWNER, expireUnanswered: true, dueAt: "2027-01-01T00:00:00Z" }',
  answerReviewItem: `{ id: "${item.id}", decision: EXPIRED }`,
  answerReviewItems: `{ ids: ["${item.id}"], decision: EXPIRED }`,
  closeAccessReview: `{ id: "${review.id}" }`,
  createWebhook: '{ url: "http://127.0.0.1:9/" }',
  updateWebhook: `{ id: "${webhook.id}", enabled: false }`,
  deleteWebhook: `{ id: "${webhook.id}" }`,
  testWebhook: `{ id: "${webhook.id}" }`,
  redeliver: `{ id: "${webhook.id}" }`,
  updateMailSettings: '{ host: "mail.evil.example" }',
  testMail: '{}',
}

async function attack(mutation: string, viewer: Viewer | null): Promise<string> {
  const source = `mutation { ${mutation}(input: ${ATTACKS[mutation] ?? '{}'}) { __typename } }`
  const { data, codes } = await askSchema({ parts: world.parts, viewer }, source)
  return String(codes[0] ?? Reflect.get(Object(data?.[mutation]), '__typename'))
}

const reading = ({ viewer }: Act): Viewer => ({ ...viewer, via: 'access_token', scopes: ['READ'] })
const entries = () => world.db.prisma.auditEntry.count()

test.each(Object.keys(ATTACKS))(
  '%s does nothing for nobody, strangers, auditors and reading tokens',
  async (mutation) => {
    const before = await entries()
    expect(await attack(mutation, null)).toBe('UNAUTHENTICATED')
    expect(['FORBIDDEN', 'NotFound']).toContain(await attack(mutation, stranger.viewer))
    expect(await attack(mutation, auditor.viewer)).toBe('FORBIDDEN')
    expect(await attack(mutation, reading(administrator))).toBe('FORBIDDEN')
    expect(await entries()).toBe(before)
  },
)

test('after all attacks everything is as it was', async () => {
  const now = await world.db.prisma.apiKey.findUniqueOrThrow({ where: { id: key.id } })
  expect([now.version, now.expiresAt, secret?.slice(0, 4)]).toEqual([key.version, key.expiresAt, 'aic_'])
  expect(await world.db.prisma.keyRequest.findUniqueOrThrow({ where: { id: request.id } })).toEqual(request)
})
