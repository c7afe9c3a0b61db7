import type { Prisma } from '../../../generated/prisma/client.ts'
import { systemRandom } from '../../../lib/random.ts'
import type { World } from '../world.ts'
import { type Case, type Cases, sender } from './case.ts'

type Terms = Pick<Prisma.LimitUncheckedCreateInput, 'metric' | 'period'>
type More = Partial<Prisma.LimitUncheckedCreateInput> & Pick<Case, 'headers' | 'param'>

/** Limits that have no room. */
export function limitCases(world: World): Cases {
  const limited = limitedCase(world)
  const waits = { headers: { 'retry-after': /^[1-9]\d*$/ } }
  // Stock clients do not repeat what is answered so.
  const hopeless = { 'x-should-retry': /^false$/ }
  const resets =
    /The limit of 0 (?:requests|tokens) per (?:minute|hour|day|week|month) of this API key is reached\. It resets at \S+Z, in \S+\.$/
  const asOpenAi = (name: string) => ({ ...waits.headers, [`x-ratelimit-remaining-${name}`]: /^0$/ })
  return {
    rate_limit_exceeded: [
      limited('requests per minute', { metric: 'REQUESTS', period: 'MINUTE' }, resets, {
        headers: asOpenAi('requests'),
      }),
      limited('requests per hour', { metric: 'REQUESTS', period: 'HOUR' }, resets, waits),
      limited('tokens per minute', { metric: 'TOKENS', period: 'MINUTE' }, resets, { headers: asOpenAi('tokens') }),
      limited(
        'more tokens than ever per minute',
        { metric: 'TOKENS', period: 'MINUTE' },
        /^The request may take more than the limit of 5 tokens per minute of this API key ever allows\. Ask for fewer/,
        { amount: 5n, headers: hopeless },
      ),
    ],
    concurrency_limit_exceeded: [
      limited(
        'requests at once',
        { metric: 'CONCURRENCY' },
        /0 requests at once of this API key .* when another/,
        waits,
      ),
    ],
    insufficient_quota: [
      limited('requests per day', { metric: 'REQUESTS', period: 'DAY' }, resets, waits),
      limited('tokens per week', { metric: 'TOKENS', period: 'WEEK' }, resets, waits),
      limited('tokens per month', { metric: 'TOKENS', period: 'MONTH' }, resets, waits),
      limited('requests in total', { metric: 'REQUESTS', period: 'TOTAL' }, /It does not reset\.$/),
      limited('money without a price', { metric: 'MONEY', period: 'MONTH' }, /has no price/, {
        param: 'model',
        headers: hopeless,
      }),
      moneyCase(world, 0n, /^The limit on money per month of this API key is reached\. It resets at/, waits),
      moneyCase(
        world,
        1n,
        /^The request may take more than the limit on money per month of this API key ever allows\. Ask for fewer/,
        { headers: hopeless },
      ),
    ],
  }
}

/** A request with a key that has one limit, of nothing. */
function limitedCase(world: World) {
  const send = sender(world)
  return (cause: string, terms: Terms, says: RegExp, more: More = {}): Case => {
    const { headers = {}, param = null, ...set } = more
    const id = systemRandom.uuidv7()
    return {
      cause,
      async ask() {
        const key = await world.mintKey()
        const target = { target: 'KEY', keyId: key.id, amount: 0n } as const
        await world.change('Limit', id, (tx) => tx.limit.create({ data: { id, ...target, ...terms, ...set } }))
        return send({ key })
      },
      says,
      param,
      headers,
      by: () => ['LIMIT', id],
    }
  }
}

function moneyCase(world: World, amount: bigint, says: RegExp, more: Pick<Case, 'headers'>): Case {
  const id = systemRandom.uuidv7()
  return {
    cause: `${amount} of money`,
    async ask() {
      const providerId = await world.addProvider()
      const priced = { providerId, modelPattern: '*', inputMicros: 1_000_000n, outputMicros: 1_000_000n }
      await world.change('Price', providerId, (tx) =>
        tx.price.create({ data: { ...priced, effectiveFrom: new Date(0) } }),
      )
      const key = await world.mintKey({ providerId })
      const data = { id, target: 'KEY', keyId: key.id, metric: 'MONEY', period: 'MONTH', amount } as const
      await world.change('Limit', id, (tx) => tx.limit.create({ data }))
      return sender(world)({ key })
    },
    says,
    ...more,
    by: () => ['LIMIT', id],
  }
}
