import type { Tx } from '../lib/db.ts'
import type { Askable } from '../providers/pool.ts'
import type { AccessExplanation } from '../rules/access.ts'
import { readSettings } from '../users/installation.store.ts'
import type { Act } from '../users/viewer.ts'
import type { Limit } from './limit.ts'
import { LimitIndex } from './limit-index.ts'
import { listGroupIds, listLimitsOf } from './limits.store.ts'
import { type Meter, readMeters } from './meters.service.ts'
import { worstCost } from './price.ts'
import { PriceIndex } from './price-index.ts'
import { listAllPrices } from './prices.store.ts'

/** What one limit says to a request. */
export type LimitVerdict = {
  readonly limit: Limit
  readonly allowed: boolean
  /** A sentence for people, without anybody's names. */
  readonly message: string
}

/**
 * The smallest request that is told: nothing asked, and as much answered as is reserved without a maximum. It costs what
 * the dearest takes of those who may be asked; null: one of them has no price.
 */
type Need = { readonly outputTokens: number; readonly costMicros: number | null }

type Verdict = Pick<LimitVerdict, 'allowed' | 'message'>

/**
 * What each limit that concerns this request would say now, the oldest first, to a request that names no maximum of
 * tokens. Nothing is reserved. At most seconds late.
 */
export async function explainLimits(
  { parts }: Pick<Act, 'parts'>,
  explanation: AccessExplanation,
): Promise<readonly LimitVerdict[]> {
  const { limits, ofMembers } = await findLimits(parts.db.prisma, explanation)
  if (limits.length === 0) return []
  const needOf = await readNeeds(parts, limits, explanation)
  const meters = await readMeters({ parts }, limits)
  const verdicts = limits.flatMap((limit, at) => {
    const meter = meters[at]
    // A member holds what it would cost itself, everything else what the dearest would.
    const asked = explanation.askable.filter((one) => ofMembers.get(one)?.includes(limit))
    return meter ? [{ limit, ...judge(limit, meter, needOf(asked.length > 0 ? asked : explanation.askable)) }] : []
  })
  const refusing = new Set(verdicts.filter(({ allowed }) => !allowed).map(({ limit }) => limit))
  const others = [...ofMembers.values()]
  const hasRoom = others.some((of) => !of.some((limit) => refusing.has(limit)))
  return verdicts.map((one) => (hasRoom && others.flat().includes(one.limit) ? passedOver(one) : one))
}

/** All that concern the request, the oldest first; those on each member of a pool that can be asked are told apart. */
async function findLimits(tx: Tx, { keyId, userId, providerId, model, askable }: AccessExplanation) {
  const groupIds = await listGroupIds(tx, userId)
  const members = askable.filter((one) => one.providerId !== providerId)
  const candidates = await listLimitsOf(tx, [
    { keyId, userId, groupIds, providerId },
    ...members.map((member) => ({ keyId, userId, groupIds, providerId: member.providerId })),
  ])
  const index = new LimitIndex(
    candidates.map((limit) => ({ limit })),
    new Map([[userId, groupIds]]),
  )
  const found = index.find({ keyId: keyId ?? '', ownerId: userId, providerId, model }).map(({ limit }) => limit)
  const ofMembers = new Map(
    members.map((member) => [member, index.ofTarget(member.providerId).map(({ limit }) => limit)]),
  )
  const concerned = new Set([...found, ...[...ofMembers.values()].flat()])
  return { limits: candidates.filter((limit) => concerned.has(limit)), ofMembers }
}

/** What the request needs when these may be asked. */
async function readNeeds(
  { db, clock }: Act['parts'],
  limits: readonly Limit[],
  { model, endpoint }: AccessExplanation,
) {
  const { defaultMaxTokens } = await readSettings(db.prisma)
  // Embeddings have no answer of tokens.
  const outputTokens = endpoint === 'EMBEDDINGS' ? 0 : defaultMaxTokens
  const prices = new PriceIndex(limits.some(({ metric }) => metric === 'MONEY') ? await listAllPrices(db.pool) : [])
  const now = clock.now().getTime()
  return (asked: readonly Askable[]): Need => {
    const rates = asked.map((one) => prices.find(one.providerId, one.model ?? model, now))
    const costs = rates.map((price) => price && worstCost(price, 0, outputTokens))
    const known = costs.filter((cost) => cost !== null)
    return { outputTokens, costMicros: known.length === costs.length ? Math.max(0, ...known) : null }
  }
}

/** The limit of a pool's member refuses nothing while another member has room. */
const passedOver = (verdict: LimitVerdict): LimitVerdict =>
  verdict.allowed ? verdict : { ...verdict, ...yes(`${verdict.message} Another provider of the pool is asked.`) }

const no = (message: string) => ({ allowed: false, message })
const yes = (message: string) => ({ allowed: true, message })

function judge({ metric, allowUnpriced }: Limit, { remaining }: Meter, { outputTokens, costMicros }: Need): Verdict {
  if (metric === 'MONEY' && costMicros === null) {
    if (allowUnpriced) return yes('The model has no price: nothing is counted.')
    return no('The model has no price, and this is a limit of money.')
  }
  if (remaining < 1n) return no('Nothing is left of it.')
  if (metric === 'REQUESTS' || metric === 'CONCURRENCY') return yes('There is room.')
  const least = metric === 'MONEY' && costMicros !== null ? costMicros : outputTokens
  if (remaining >= least) return yes('There is room, if the request asks for no more than is left.')
  return no(`Less is left than the ${outputTokens} tokens that a request reserves when it names no maximum.`)
}
