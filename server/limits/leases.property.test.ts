import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Held } from './held.ts'
import { LEASE_MS } from './leases.ts'
import { LimitReached } from './limit-reached.ts'
import { join, listening, makeLimit, reserve, store, type TestNode, type World, worldOf } from './test/lease-world.ts'

type Step =
  | { readonly kind: 'ask'; readonly node: number; readonly tokens: number }
  | { readonly kind: 'end'; readonly pick: number; readonly share: number }
  | { readonly kind: 'beat' | 'kill'; readonly node: number }
  | { readonly kind: 'wait'; readonly ms: number }

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('ask' as const),
        node: fc.nat(2),
        tokens: fc.integer({ min: 1, max: 30 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        pick: fc.nat(50),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('beat' as const), node: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), node: fc.nat(2) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 100, max: 30_000 }) }),
    },
  ),
  { minLength: 10, maxLength: 40 },
)

type Flying = { readonly node: TestNode; readonly held: Held; readonly tokens: number }

/** Runs the steps, several asks at once where they follow each other. Answers the most that was ever used or promised. */
async function play(world: World, script: readonly Step[]): Promise<number> {
  let flying: Flying[] = []
  let used = 0
  let most = 0
  const measure = () => {
    most = Math.max(most, used + flying.reduce((sum, { tokens }) => sum + tokens, 0))
  }
  let asking: Promise<void>[] = []
  for (const step of script) {
    if (step.kind === 'ask') {
      const node = world.nodes[step.node]
      if (!node) continue
      asking.push(
        reserve(node, step.tokens).then((held) => {
          if (!(held instanceof LimitReached)) flying.push({ node, held, tokens: step.tokens })
          measure()
        }),
      )
      continue
    }
    if (step.kind !== 'end') {
      await Promise.all(asking)
      asking = []
    }
    if (step.kind === 'end') {
      const [one] = flying.splice(step.pick % Math.max(1, flying.length), 1)
      if (!one) continue
      const tokens = Math.floor(one.tokens * step.share)
      const charges = one.held.settle({ tokens, costMicros: null })
      used += tokens
      await store(world, charges)
    } else if (step.kind === 'beat') await world.nodes[step.node]?.leases.heartbeat()
    else if (step.kind === 'kill') {
      const [dead] = world.nodes.splice(step.node, 1)
      if (dead) dead.alive = false
      // Interrupted: what they would have used is not known, and counts as nothing once the lease is over.
      world.now += LEASE_MS + 1
      flying = flying.filter(({ node }) => node !== dead)
      for (const { leases } of world.nodes) await leases.heartbeat()
      await join(world)
    } else if (step.kind === 'wait') {
      world.now += step.ms
      for (const { leases } of world.nodes) await leases.heartbeat()
    }
    measure()
  }
  await Promise.all(asking)
  measure()
  return most
}

test('whatever happens in whatever order, no more than the limit is used or promised', async () => {
  const runs = fc.asyncProperty(steps, fc.integer({ min: 20, max: 120 }), async (script, amount) => {
    await makeLimit({ metric: 'TOKENS', amount: BigInt(amount) })
    const world = await worldOf(3)
    const most = await listening(world, () => play(world, script))
    expect(most).toBeLessThanOrEqual(amount)
  })
  await fc.assert(runs, { numRuns: 25, interruptAfterTimeLimit: 60_000, endOnFailure: true })
}, 120_000)
