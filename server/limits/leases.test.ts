import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { testDb } from '../test/database.ts'
import type { Held } from './held.ts'
import { LEASE_MS, Leases } from './leases.ts'
import { createLeaseStore } from './leases.store.ts'
import type { Limit } from './limit.ts'
import { LimitReached } from './limit-reached.ts'
import { readLimitWorld } from './world.store.ts'

const db = await testDb()
const { pool } = db
const id = () => crypto.randomUUID()

type Made = Partial<Pick<Limit, 'metric' | 'period' | 'amount' | 'target'>>

async function makeLimit({ metric = 'REQUESTS', period = 'TOTAL', amount = 7n }: Made = {}): Promise<string> {
  await pool.query('UPDATE limits SET enabled = false')
  const limitId = id()
  await pool.query(
    `INSERT INTO limits (id, target, metric, period, amount) VALUES ($1, 'EVERYTHING', $2::"LimitMetric", $3::"LimitPeriod", $4)`,
    [limitId, metric, metric === 'CONCURRENCY' ? null : period, amount],
  )
  return limitId
}

type TestNode = { leases: Leases; alive: boolean }
type World = { now: number; nodes: TestNode[] }

async function join(world: World): Promise<TestNode> {
  const leases = new Leases({ nodeId: id(), store: createLeaseStore(pool), now: () => world.now })
  leases.set(await readLimitWorld(pool))
  await leases.heartbeat()
  const node = { leases, alive: true }
  world.nodes.push(node)
  return node
}

async function worldOf(nodes: number, now = Date.parse('2026-11-23T12:00:00Z')): Promise<World> {
  const world: World = { now, nodes: [] }
  for (let at = 0; at < nodes; at++) await join(world)
  // The real node hears this by NOTIFY.
  return world
}

const wish = (tokens = 0) => ({
  keyId: id(),
  ownerId: id(),
  providerId: id(),
  model: 'm',
  startedAt: 0,
  inputTokens: () => tokens,
  outputTokens: 0,
})

async function reserve({ leases }: TestNode, tokens?: number): Promise<Held | LimitReached> {
  try {
    return await leases.reserve(wish(tokens))
  } catch (error) {
    if (error instanceof LimitReached) return error
    throw error
  }
}

const admitted = (results: readonly (Held | LimitReached)[]): readonly Held[] =>
  results.filter((result): result is Held => !(result instanceof LimitReached))

/** Calls idle slices back like the listening connection of a real node. */
async function listening<Result>(world: World, work: () => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  client.on('notification', ({ payload }) => {
    for (const { leases, alive } of world.nodes) if (alive) leases.callBack(payload ?? '')
  })
  await client.query('LISTEN aic_limits')
  try {
    return await work()
  } finally {
    client.release(true)
  }
}

/** What the batch of usage entries does for charges. */
async function store(world: World, charges: ReturnType<Held['settle']>): Promise<void> {
  for (const { limitId, at, node, amount } of charges) {
    await pool.query(
      `WITH counted AS (
        UPDATE limit_windows SET used = used + $4 WHERE limit_id = $1 AND starts_at = $2 RETURNING 1
      ) UPDATE limit_leases SET unstored = greatest(0, unstored - $4),
        reserved = reserved - least(reserved, greatest(0, $4::bigint - unstored)),
        idle = idle - least(greatest(idle, 0), greatest(0, $4::bigint - unstored - reserved))
      FROM counted WHERE limit_id = $1 AND starts_at = $2 AND node_id = $3`,
      [limitId, new Date(at), node, amount],
    )
  }
  for (const { leases } of world.nodes) leases.stored(charges)
}

describe('a budget with room for 7', () => {
  test.each([1, 3])('lets exactly 7 of 200 at once through on %i nodes', async (count) => {
    await makeLimit()
    const world = await worldOf(count)
    const results = await listening(world, () =>
      Promise.all(Array.from({ length: 200 }, (_, at) => reserve(world.nodes[at % count] ?? expect.unreachable()))),
    )
    expect(admitted(results)).toHaveLength(7)
  })

  test('is whole again when reservations are given back', async () => {
    await makeLimit()
    const world = await worldOf(3)
    await listening(world, async () => {
      for (const node of world.nodes) {
        const results = await Promise.all(Array.from({ length: 20 }, () => reserve(node)))
        expect(admitted(results)).toHaveLength(7)
        for (const held of admitted(results)) held[Symbol.dispose]()
      }
    })
  })

  test('keeps what a dead node used, and frees what it only leased', async () => {
    const limitId = await makeLimit({ metric: 'TOKENS', amount: 70n })
    const world = await worldOf(2)
    const [one, two] = world.nodes
    if (!one || !two) return expect.unreachable()
    const held = admitted(await Promise.all([reserve(one, 10), reserve(one, 10), reserve(one, 10)]))
    await store(world, held[0]?.settle({ tokens: 10, costMicros: null }) ?? [])
    await one.leases.heartbeat()
    one.alive = false
    expect(admitted(await Promise.all(Array.from({ length: 9 }, () => reserve(two, 10))))).toHaveLength(4)
    world.now += LEASE_MS + 1
    await two.leases.heartbeat()
    expect(admitted(await Promise.all(Array.from({ length: 9 }, () => reserve(two, 10))))).toHaveLength(2)
    const { rows } = await pool.query('SELECT used FROM limit_windows WHERE limit_id = $1', [limitId])
    expect(rows).toEqual([{ used: '10' }])
  })
})

test('a rate of 100 per minute lets 100 through per minute, whatever three nodes are asked for', async () => {
  await makeLimit({ period: 'MINUTE', amount: 100n })
  const world = await worldOf(3)
  await listening(world, async () => {
    for (const expected of [100, 100]) {
      let passed = 0
      for (let round = 0; round < 30; round++) {
        const results = await Promise.all(world.nodes.flatMap((node) => Array.from({ length: 4 }, () => reserve(node))))
        for (const held of admitted(results)) await store(world, held.settle({ tokens: null, costMicros: null }))
        passed += admitted(results).length
        world.now += 1_900
      }
      expect(passed).toBe(expected)
      world.now += 60_000
      for (const { leases } of world.nodes) await leases.heartbeat()
    }
  })
})

type Step =
  | { readonly kind: 'ask'; readonly node: number; readonly tokens: number }
  | { readonly kind: 'end'; readonly pick: number; readonly share: number }
  | { readonly kind: 'beat' | 'kill'; readonly node: number }
  | { readonly kind: 'wait'; readonly ms: number }

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('ask' as const), node: fc.nat(2), tokens: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat(50), share: fc.double({ min: 0, max: 1, noNaN: true }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('beat' as const), node: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), node: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 100, max: 30_000 }) }) },
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
    } else {
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
