import { z } from 'zod'
import { parse } from '../lib/text.ts'
import { limitShape } from '../limits/limit.ts'
import { requireTarget } from '../limits/limits.service.ts'
import { PriceIndex } from '../limits/price-index.ts'
import { listAllPrices } from '../limits/prices.store.ts'
import type { Askable } from '../providers/pool.ts'
import { listPoolsOf } from '../providers/providers.store.ts'
import { findProvider } from '../rules/explain.store.ts'
import { explainProvider } from '../rules/explain-provider.ts'
import { readSettings } from '../users/installation.store.ts'
import type { Act } from '../users/viewer.ts'
import {
  type Asked,
  findExcess,
  listAsked,
  listMemberIds,
  readTrial,
  type TrialAnswer,
  type TrialQuestion,
} from './try-limit.store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
export const MAX_LIMIT_TRIAL_DAYS = 30
/** Limits of short spans are tried request by request; so many take less than a second. */
const MAX_SINGLE_REQUESTS = 300_000

const daysSchema = z.object({
  days: z
    .number()
    .int()
    .min(1, 'must be 1 or more.')
    .max(MAX_LIMIT_TRIAL_DAYS, `must be ${MAX_LIMIT_TRIAL_DAYS} or fewer.`)
    .nullish(),
})

export type LimitTrial = TrialAnswer & { readonly from: Date; readonly to: Date }

/** A glob as a pattern of SQL's LIKE. */
const toLike = (glob: string) =>
  glob
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_')

/**
 * What an unsaved limit would have refused of the requests of the last days (whole hours), had it been alone; of those
 * that a member of a pool got there, only what no other member could be asked for, with pools as they are now. What
 * has no price now counts as it would then. `from` is later when there were too many to try. Minutes and hours count as
 * those of the clock. Nothing is stored. Throws `InvalidInput`, `NotFound` (its target).
 */
export async function tryLimit(act: Act, input: { readonly days?: number | null | undefined }): Promise<LimitTrial> {
  const { clock, db } = act.parts
  const { days: _, ...given } = input
  const { days } = parse(daysSchema, { days: input.days })
  const limit = parse(limitShape, given)
  const { keyId = null, userId = null, groupId = null, providerId = null } = limit
  await requireTarget(db.prisma, { keyId, userId, groupId, providerId })
  const to = new Date(Math.ceil(clock.now().getTime() / HOUR_MS) * HOUR_MS)
  const { timeZone } = await readSettings(db.prisma)
  const question = await withinReach(act, {
    from: new Date(to.getTime() - (days ?? 7) * DAY_MS),
    to,
    keyId,
    ownerIds: groupId !== null ? await listMemberIds(db.pool, groupId) : userId !== null ? [userId] : null,
    providerId,
    poolIds: providerId === null ? [] : (await listPoolsOf(db.prisma, providerId)).map(({ id }) => id),
    evasions: [],
    unpriced: [],
    allowUnpriced: limit.allowUnpriced ?? false,
    modelPattern: limit.modelPattern == null ? null : toLike(limit.modelPattern),
    metric: limit.metric,
    period: limit.period ?? null,
    amount: limit.amount,
    timeZone,
  })
  return { from: question.from, to, ...(await readTrial(db.pool, await completed(act, question))) }
}

/** What the question leaves open, which depends on providers and prices as they are now. */
async function completed({ parts }: Act, question: TrialQuestion): Promise<TrialQuestion> {
  const isMoney = question.metric === 'MONEY'
  if (!isMoney && question.poolIds.length === 0) return question
  const { db, clock } = parts
  const prices = new PriceIndex(isMoney ? await listAllPrices(db.pool) : [])
  const asked = await listAsked(db.pool, question)
  const ids = [...new Set(asked.map(({ providerId }) => providerId))]
  const providers = await Promise.all(ids.map((id) => findProvider(db.prisma, id)))
  const isSame = (one: { readonly providerId: string }) => one.providerId === question.providerId
  const askableOf = ({ providerId, model }: Asked) => {
    const provider = providers.find((one) => one?.id === providerId)
    return provider ? explainProvider(parts, provider, model).askable : []
  }
  const hasNoPrice = (one: Askable, model: string) =>
    prices.find(one.providerId, one.model ?? model, clock.now().getTime()) === null
  const isUnpriced = (one: Asked) => {
    const held = isOfPool(question, one) ? askableOf(one).filter(isSame) : askableOf(one)
    return held.some((other) => hasNoPrice(other, one.model))
  }
  return {
    ...question,
    evasions: asked.filter((one) => isOfPool(question, one) && askableOf(one).some((other) => !isSame(other))),
    unpriced: isMoney ? asked.filter(isUnpriced) : [],
  }
}

/** True when it was asked of a pool that the provider on trial is a member of. */
const isOfPool = ({ poolIds }: TrialQuestion, { providerId }: Asked) => poolIds.includes(providerId)

/** The sums tell most of a day or a month; of full hours, and of requests at once, every request has to be seen. */
async function withinReach({ parts }: Act, question: TrialQuestion): Promise<TrialQuestion> {
  const { period, to, poolIds } = question
  if (poolIds.length === 0 && period !== null && period !== 'MINUTE' && period !== 'HOUR') return question
  const excess = await findExcess(parts.db.pool, question, MAX_SINGLE_REQUESTS)
  if (excess === null) return question
  return { ...question, from: new Date(Math.min(excess.getTime() + HOUR_MS, to.getTime() - HOUR_MS)) }
}
