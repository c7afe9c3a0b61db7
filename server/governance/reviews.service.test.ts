import { beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { findApiKey } from '../keys/keys.service.ts'
import { createKeyType } from '../keys/policies.service.ts'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { listNotices } from '../users/notices.service.ts'
import { answerReviewItem, answerReviewItems } from './answer-review.service.ts'
import { closeAccessReview } from './close-review.service.ts'
import { runDueJobs } from './jobs.service.ts'
import { ReviewClosed } from './review.ts'
import { REVIEW_JOB } from './review-jobs.service.ts'
import * as reviews from './reviews.service.ts'

const world = await testWorld()
const provider = await world.provider()
const administrator = await world.person('ADMINISTRATOR')
const DAY = 86_400_000
const { inDays } = world.clock
let count = 0

/** Two people with two keys each of a type of their own. */
async function people() {
  const type = await createKeyType(administrator, { name: `Reviewed ${++count}` })
  const [ann, bob] = [await world.person(), await world.person()]
  const make = async (owner: typeof ann) =>
    (await createApiKey(owner, { name: `Key ${++count}`, providerId: provider.id, type, expiresAt: null })).row
  return { type, ann, bob, keys: [await make(ann), await make(ann), await make(bob), await make(bob)] }
}

type People = Awaited<ReturnType<typeof people>>
const begin = ({ type }: People, set: Partial<reviews.NewReview> = {}) => {
  const rest = { reviewer: 'OWNER', expireUnanswered: true, dueAt: inDays(14), ...set } as const
  return reviews.createAccessReview(administrator, { name: 'Quarterly', keyType: type, ...rest })
}
const itemsFor = async (by: typeof administrator, reviewId: string) =>
  (await reviews.listReviewItems(by, { first: 100 }, { reviewId })).edges.map(({ node }) => node)
const isLiving = async (id: string) => (await findApiKey(administrator, id))?.expiresAt === null
const kinds = async (by: typeof administrator) =>
  (await listNotices(by, { first: 100 }, { unread: false })).edges.map(({ node }) => node.kind).toReversed()

async function pass(days: number, step = 1) {
  for (let day = 0; day < days; day += step) {
    world.clock.advance(Math.min(step, days - day) * DAY)
    await runDueJobs(world.parts, [REVIEW_JOB])
  }
}

beforeAll(() => runDueJobs(world.parts, [REVIEW_JOB]))

test('a review freezes its list, with the use of the last 30 and 90 days', async () => {
  const world1 = await people()
  const [first] = world1.keys
  for (const [days, requests] of [
    [10, 3],
    [60, 4],
    [100, 5],
  ]) {
    await world.db.pool.query(
      `INSERT INTO usage_rollups (hour, key_id, owner_id, provider_id, model, status, code, requests,
        input_tokens, output_tokens, cached_tokens, cost_micros, latency_ms)
       VALUES (date_trunc('hour', $1::timestamptz), $2, $3, $4, 'm', 200, '', $5, 0, 0, 0, 0, 0)`,
      [inDays(-(days ?? 0)), first?.id, world1.ann.viewer.id, provider.id, requests],
    )
  }
  const { id } = await begin(world1)
  await createApiKey(world1.ann, { name: 'Later key', providerId: provider.id, type: world1.type })
  const items = await itemsFor(administrator, id)
  expect(items.map(({ keyId }) => keyId).toSorted()).toEqual(world1.keys.map((key) => key.id).toSorted())
  const [item] = items.filter(({ keyId }) => keyId === first?.id)
  expect([item?.requests30, item?.requests90]).toEqual([3n, 7n])
})

test('an owner answers for own keys only; a key that is not kept ends at once', async () => {
  const { ann, bob, ...rest } = await people()
  const { id } = await begin({ ann, bob, ...rest })
  expect([await kinds(ann), await kinds(bob)]).toEqual([['REVIEW_ASKED'], ['REVIEW_ASKED']])
  const [kept, ended] = await itemsFor(ann, id)
  const [foreign] = await itemsFor(bob, id)
  expect(await itemsFor(ann, id)).toHaveLength(2)
  await answerReviewItem(ann, { id: kept?.id ?? '', decision: 'KEPT', comment: 'In use' })
  await answerReviewItem(ann, { id: ended?.id ?? '', decision: 'EXPIRED', comment: 'Old' })
  const stolen = answerReviewItem(ann, { id: foreign?.id ?? '', decision: 'EXPIRED' })
  await expect(stolen).rejects.toThrow(NotFound)
  expect([await isLiving(kept?.keyId ?? ''), await isLiving(ended?.keyId ?? '')]).toEqual([true, false])
  expect(await isLiving(foreign?.keyId ?? '')).toBe(true)
  const entries = await world.db.prisma.auditEntry.findMany({ where: { subjectId: ended?.keyId ?? '' } })
  expect(entries.map(({ action }) => action)).toEqual(['createApiKey', 'expireReviewedApiKey'])
})

test('open answers are reminded of once, and end the keys when the review ends, which is signed', async () => {
  const { ann, bob, ...rest } = await people()
  const { id } = await begin({ ann, bob, ...rest })
  for (const item of await itemsFor(ann, id)) await answerReviewItem(ann, { id: item.id, decision: 'KEPT' })
  await pass(13)
  expect([await kinds(ann), await kinds(bob)]).toEqual([['REVIEW_ASKED'], ['REVIEW_ASKED', 'REVIEW_DUE']])
  expect(await isLiving(rest.keys[2]?.id ?? '')).toBe(true)
  await pass(2)
  const living = await Promise.all(rest.keys.map((key) => isLiving(key.id)))
  expect(living).toEqual([true, true, false, false])
  const review = await world.db.prisma.accessReview.findUniqueOrThrow({ where: { id } })
  expect(review.closedAt).not.toBeNull()
  expect(review.signature).toEqual(await reviews.signReport(world.parts, world.db.prisma, review))
  const [item] = await itemsFor(bob, id)
  await expect(answerReviewItem(bob, { id: item?.id ?? '', decision: 'KEPT' })).rejects.toThrow(ReviewClosed)
  await world.db.prisma.reviewItem.updateMany({ where: { reviewId: id }, data: { decision: 'KEPT' } })
  expect(review.signature).not.toEqual(await reviews.signReport(world.parts, world.db.prisma, review))
})

test('after a week without a node a review ends late, once, and unanswered keys stay if so set', async () => {
  const { ann, bob, ...rest } = await people()
  const { id } = await begin({ ann, bob, ...rest }, { expireUnanswered: false })
  world.clock.advance(21 * DAY)
  await Promise.all([1, 2, 3].map(() => runDueJobs(world.parts, [REVIEW_JOB])))
  expect(await Promise.all(rest.keys.map((key) => isLiving(key.id)))).toEqual([true, true, true, true])
  expect(await world.db.prisma.auditEntry.count({ where: { action: 'closeAccessReview', subjectId: id } })).toBe(1)
})

test('a review that repeats begins again on its day, once, also over the end of a month', async () => {
  world.clock.set(new Date('2027-01-31T23:30:00.000Z'))
  await runDueJobs(world.parts, [REVIEW_JOB])
  const group = await people()
  const { id } = await begin(group, { repeatDays: 30, expireUnanswered: false })
  await pass(29)
  expect(await world.db.prisma.accessReview.count({ where: { previousId: id } })).toBe(0)
  await pass(2)
  const next = await world.db.prisma.accessReview.findUniqueOrThrow({ where: { previousId: id } })
  expect([next.name, next.dueAt.getTime() - next.createdAt.getTime()]).toEqual(['Quarterly', 14 * DAY])
  world.clock.advance(100 * DAY)
  await Promise.all([1, 2].map(() => runDueJobs(world.parts, [REVIEW_JOB])))
  expect(await world.db.prisma.accessReview.count({ where: { previousId: next.id } })).toBe(1)
})

test('one answer for several keys is given to all of them or to none', async () => {
  const { ann, bob, ...rest } = await people()
  const { id } = await begin({ ann, bob, ...rest })
  const [own, foreign] = [await itemsFor(ann, id), await itemsFor(bob, id)]
  const ids = own.map((item) => item.id)
  const withStolen = { ids: [...ids, foreign[0]?.id ?? ''], decision: 'EXPIRED' } as const
  await expect(answerReviewItems(ann, withStolen)).rejects.toThrow(NotFound)
  expect(await Promise.all(rest.keys.map((key) => isLiving(key.id)))).toEqual([true, true, true, true])
  await answerReviewItems(ann, { ids, decision: 'EXPIRED', comment: 'Old' })
  expect(await Promise.all(rest.keys.map((key) => isLiving(key.id)))).toEqual([false, false, true, true])
  await expect(answerReviewItems(ann, { ids: [], decision: 'KEPT' })).rejects.toThrow(InvalidInput)
})

test('a review is seen, and counted, over what one may see; an administrator ends it early, signed, once', async () => {
  const { ann, bob, ...rest } = await people()
  const { id } = await begin({ ann, bob, ...rest })
  const [item] = await itemsFor(ann, id)
  await answerReviewItem(ann, { id: item?.id ?? '', decision: 'KEPT' })
  const progressFor = async (by: typeof ann) => {
    const review = await reviews.findAccessReview(by, id)
    return review && reviews.countProgress(by, review)
  }
  expect(await progressFor(ann)).toEqual({ itemCount: 2, keptCount: 1, expiredCount: 0 })
  expect(await progressFor(administrator)).toEqual({ itemCount: 4, keptCount: 1, expiredCount: 0 })
  expect(await progressFor(await world.person())).toBeNull()
  const closed = await closeAccessReview(administrator, id)
  expect([closed.closedAt, closed.signature]).not.toContain(null)
  expect(await progressFor(administrator)).toEqual({ itemCount: 4, keptCount: 1, expiredCount: 3 })
  await expect(closeAccessReview(administrator, id)).rejects.toThrow(ReviewClosed)
  await expect(closeAccessReview(administrator, 'none')).rejects.toThrow(NotFound)
})

test('a group answers for all keys; strangers see nothing', async () => {
  const { ann, bob, ...rest } = await people()
  const [member, stranger] = [await world.person(), await world.person()]
  const data = { name: `Reviewers ${++count}`, members: { create: { userId: member.viewer.id } } }
  const group = await world.db.prisma.group.create({ data })
  const { id } = await begin({ ann, bob, ...rest }, { reviewer: 'GROUP', reviewerGroupId: group.id })
  const items = await itemsFor(member, id)
  expect(items).toHaveLength(4)
  await answerReviewItem(member, { id: items[0]?.id ?? '', decision: 'KEPT' })
  expect(await itemsFor(stranger, id)).toEqual([])
  const list = async (by: typeof ann, open?: boolean) => {
    const { edges } = await reviews.listAccessReviews(by, {}, { open }, { field: 'DUE_AT', direction: 'ASC' })
    return edges.map(({ node }) => node.id)
  }
  expect([await list(stranger), await list(member), await list(member, true)]).toEqual([[], [id], [id]])
  expect(await list(member, false)).toEqual([])
  await expect(answerReviewItem(stranger, { id: items[1]?.id ?? '', decision: 'KEPT' })).rejects.toThrow(NotFound)
  await expect(answerReviewItem(ann, { id: items[1]?.id ?? '', decision: 'KEPT' })).rejects.toThrow(NotFound)
})

test.each([
  ['reviewerGroupId', { reviewer: 'GROUP' }],
  ['dueAt', { dueAt: new Date('2020-01-01') }],
  ['repeatDays', { repeatDays: 1 }],
  ['name', { name: 'x' }],
] as const)('a review with a bad %s is refused', async (path, set) => {
  const error = await begin(await people(), set).catch((thrown: unknown) => thrown)
  expect(error instanceof InvalidInput && error.issues.map((issue) => issue.path)).toEqual([path])
})
