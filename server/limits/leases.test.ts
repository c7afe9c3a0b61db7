import { describe, expect, test, vi } from 'vitest'
import { createLog } from '../lib/log.ts'
import { openPool } from '../lib/pool.ts'
import { createLeaseStore, listenForNeeds } from './leases.store.ts'
import { LEASE_MS, Leases } from './leases.ts'
import { LimitReached } from './limit-reached.ts'
import {
  admitted,
  count,
  db,
  id,
  join,
  listening,
  type Made,
  makeLimit,
  pool,
  reserve,
  store,
  type TestNode,
  wish,
  worldOf,
} from './test/lease-world.ts'
import { readLimitWorld } from './world.store.ts'

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

describe('what the database counts before the node knows', () => {
  const ONE = { tokens: null, costMicros: null }

  test('takes no room twice while it is being stored', async () => {
    await makeLimit({ amount: 2n })
    const world = await worldOf(0)
    const real = createLeaseStore(pool)
    let asked = 0
    const node = await join(world, { ...real, lease: (question) => real.lease(question).finally(() => asked++) })
    const charges = admitted([await reserve(node)])[0]?.settle(ONE) ?? []
    node.leases.storing(charges)
    await count(charges)
    let over = false
    const waiting = reserve(node).finally(() => {
      over = true
    })
    await vi.waitUntil(() => over || asked > 4, { interval: 1, timeout: 5_000 })
    node.leases.stored(charges)
    expect(admitted([await waiting])).toHaveLength(1)
  })

  test('takes no room twice when the node hears of it before it hears what is left', async () => {
    await makeLimit({ amount: 2n })
    const world = await worldOf(0)
    const real = createLeaseStore(pool)
    let heard: () => void = () => undefined
    const node = await join(world, { ...real, lease: (question) => real.lease(question).finally(() => heard()) })
    const charges = admitted([await reserve(node)])[0]?.settle(ONE) ?? []
    await count(charges)
    heard = () => node.leases.stored(charges)
    expect(admitted([await reserve(node)])).toHaveLength(1)
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

test('what is left is said of the window that is now, not of one that is over', async () => {
  await makeLimit({ period: 'MINUTE', amount: 3n })
  const world = await worldOf(1)
  const [node] = world.nodes
  if (!node) return expect.unreachable()
  const left = () => node.leases.tightest(wish(), 'REQUESTS')?.left
  for (let count = 0; count < 3; count++) await reserve(node)
  expect(left()).toBe(0)
  world.now += 61_000
  expect(left()).toBeUndefined()
  await reserve(node)
  expect(left()).toBe(2)
})

describe('when the database is away', () => {
  async function cutOff(made: Made): Promise<TestNode> {
    const limitId = await makeLimit(made)
    const store = createLeaseStore(pool)
    let away = false
    const leases = new Leases({
      nodeId: id(),
      now: () => Date.parse('2026-11-23T12:00:00Z'),
      store: { ...store, lease: (asked) => (away ? Promise.reject(new Error('away')) : store.lease(asked)) },
    })
    leases.set(await readLimitWorld(db.pool))
    await leases.heartbeat()
    // Two more nodes, so that the share of this one is a third.
    await pool.query(`DELETE FROM limit_nodes WHERE id <> $1`, [leases.nodeId])
    await pool.query(`INSERT INTO limit_nodes SELECT gen_random_uuid(), '2026-11-24' FROM generate_series(1, 2)`)
    const node = { leases, alive: true }
    const [first] = admitted([await reserve(node, 1)])
    first?.[Symbol.dispose]()
    expect(limitId).not.toBe('')
    away = true
    return node
  }

  test('a rate goes on with the share of this node', async () => {
    const node = await cutOff({ period: 'MINUTE', amount: 90n })
    const results = await Promise.all(Array.from({ length: 100 }, () => reserve(node)))
    expect(admitted(results)).toHaveLength(30)
  })

  test('requests at once go on with the share of this node', async () => {
    const node = await cutOff({ metric: 'CONCURRENCY', amount: 9n })
    const results = await Promise.all(Array.from({ length: 20 }, () => reserve(node)))
    expect(admitted(results)).toHaveLength(3)
  })

  test('a budget gives out what was leased, then nobody can tell', async () => {
    const node = await cutOff({ metric: 'TOKENS', period: 'DAY', amount: 120n })
    const results = await Promise.all(Array.from({ length: 100 }, () => reserve(node, 1)))
    expect(admitted(results).length).toBeGreaterThan(0)
    expect(admitted(results).length).toBeLessThan(120)
    const refused = results.filter((result) => result instanceof LimitReached)
    expect(new Set(refused.map(({ reason }) => reason))).toEqual(new Set(['unavailable']))
  })
})

test('a connection that cannot listen is given back', async () => {
  const broken = openPool(db.connection, createLog('silent'), {
    onConnect: (client) => client.query('BEGIN; SELECT 1/0').catch(() => undefined),
  })
  const nothing = () => undefined
  await expect(listenForNeeds(broken, nothing, nothing)).rejects.toThrow('aborted')
  expect(broken.totalCount).toBe(0)
  await broken.end()
})

test('each of several answers without a maximum may be as long as one that names none', async () => {
  await makeLimit({ metric: 'TOKENS', amount: 3_000n })
  const { nodes } = await worldOf(1)
  const several = (answers: number) => ({
    ...wish(),
    prompt: { estimate: () => ({ input: 0, output: null, answers }) },
  })
  const [node] = nodes
  if (!node) return expect.unreachable()
  await expect(async () => node.leases.reserve(several(3))).rejects.toBeInstanceOf(LimitReached)
  await expect(Promise.resolve(node.leases.reserve(several(2)))).resolves.toMatchObject({ isEmpty: false })
})

test('requests under way count of a limit that is switched off and on again', async () => {
  const limitId = await makeLimit({ metric: 'CONCURRENCY', amount: 2n })
  const { nodes } = await worldOf(1)
  const [node] = nodes
  if (!node) return expect.unreachable()
  const held = admitted([await reserve(node), await reserve(node)])
  const switchTo = async (enabled: boolean) => {
    await pool.query('UPDATE limits SET enabled = $2, version = version + 1 WHERE id = $1', [limitId, enabled])
    node.leases.set(await readLimitWorld(pool))
  }
  await switchTo(false)
  expect(await reserve(node)).toMatchObject({ isEmpty: true })
  await switchTo(true)
  expect(await reserve(node)).toBeInstanceOf(LimitReached)
  held[0]?.[Symbol.dispose]()
  expect(admitted([await reserve(node)])).toHaveLength(1)
})
