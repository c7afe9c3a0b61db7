import type { AccessExplanation } from '../rules/access.ts'
import { readSettings } from '../users/installation.store.ts'
import type { Act } from '../users/viewer.ts'
import type { Limit } from './limit.ts'
import { LimitIndex } from './limit-index.ts'
import { listGroupIds, listLimitsOf } from './limits.store.ts'
import { type Meter, readMeters } from './meters.service.ts'
import { type Rates, worstCost } from './price.ts'
import { PriceIndex } from './price-index.ts'
import { listAllPrices } from './prices.store.ts'

/** What one limit says to a request. */
export type LimitVerdict = {
  readonly limit: Limit
  readonly allowed: boolean
  /** A sentence for people, without anybody's names. */
  readonly message: string
}

/** The smallest request that is told: nothing asked, and as much answered as is reserved without a maximum. */
type Need = { readonly outputTokens: number; readonly price: Rates | null }

/**
 * What each limit that concerns this request would say now, the oldest first, to a request that names no maximum of
 * tokens. Nothing is reserved. At most seconds late.
 */
export async function explainLimits(
  { parts }: Pick<Act, 'parts'>,
  { keyId, userId, providerId, model }: AccessExplanation,
): Promise<readonly LimitVerdict[]> {
  const { prisma, pool } = parts.db
  const groupIds = await listGroupIds(prisma, userId)
  const candidates = await listLimitsOf(prisma, [{ keyId, userId, groupIds, providerId }])
  const index = new LimitIndex(
    candidates.map((limit) => ({ limit })),
    new Map([[userId, groupIds]]),
  )
  const held = new Set(index.find({ keyId: keyId ?? '', ownerId: userId, providerId, model }))
  const limits = [...held].map(({ limit }) => limit).toSorted((a, b) => candidates.indexOf(a) - candidates.indexOf(b))
  if (limits.length === 0) return []
  const prices = new PriceIndex(limits.some(({ metric }) => metric === 'MONEY') ? await listAllPrices(pool) : [])
  const need = {
    outputTokens: (await readSettings(prisma)).defaultMaxTokens,
    price: prices.find(providerId, model, parts.clock.now().getTime()),
  }
  const meters = await readMeters({ parts }, limits)
  return limits.flatMap((limit, at) => {
    const meter = meters[at]
    return meter ? [{ limit, ...judge(limit, meter, need) }] : []
  })
}

const no = (message: string) => ({ allowed: false, message })
const yes = (message: string) => ({ allowed: true, message })

function judge({ metric, allowUnpriced }: Limit, { remaining }: Meter, { outputTokens, price }: Need) {
  if (metric === 'MONEY' && price === null) {
    if (allowUnpriced) return yes('The model has no price: nothing is counted.')
    return no('The model has no price, and this is a limit of money.')
  }
  if (remaining < 1n) return no('Nothing is left of it.')
  if (metric === 'REQUESTS' || metric === 'CONCURRENCY') return yes('There is room.')
  const least = metric === 'MONEY' && price ? worstCost(price, 0, outputTokens) : outputTokens
  if (remaining >= least) return yes('There is room, if the request asks for no more than is left.')
  return no(`Less is left than the ${outputTokens} tokens that a request reserves when it names no maximum.`)
}
