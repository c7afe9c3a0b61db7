import { testDb } from '../../test/database.ts'
import type { Held } from '../held.ts'
import { createLeaseStore, type LeaseStore } from '../leases.store.ts'
import { Leases } from '../leases.ts'
import type { Limit } from '../limit.ts'
import { LimitReached } from '../limit-reached.ts'
import { readLimitWorld } from '../world.store.ts'

export const db = await testDb()
export const { pool } = db
export const id = () => crypto.randomUUID()

export type Made = Partial<Pick<Limit, 'metric' | 'period' | 'amount' | 'target'>>

export async function makeLimit({ metric = 'REQUESTS', period = 'TOTAL', amount = 7n }: Made = {}): Promise<string> {
  await pool.query('UPDATE limits SET enabled = false')
  const limitId = id()
  await pool.query(
    `INSERT INTO limits (id, target, metric, period, amount) VALUES ($1, 'EVERYTHING', $2::"LimitMetric", $3::"LimitPeriod", $4)`,
    [limitId, metric, metric === 'CONCURRENCY' ? null : period, amount],
  )
  return limitId
}

export type TestNode = { leases: Leases; alive: boolean }
export type World = { now: number; nodes: TestNode[] }

export async function join(world: World, store: LeaseStore = createLeaseStore(pool)): Promise<TestNode> {
  const leases = new Leases({ nodeId: id(), store, now: () => world.now })
  leases.set(await readLimitWorld(db.pool))
  await leases.heartbeat()
  const node = { leases, alive: true }
  world.nodes.push(node)
  return node
}

export async function worldOf(nodes: number, now = Date.parse('2026-11-23T12:00:00Z')): Promise<World> {
  const world: World = { now, nodes: [] }
  for (let at = 0; at < nodes; at++) await join(world)
  // The real node hears this by NOTIFY.
  return world
}

export const wish = (tokens = 0) => ({
  keyId: id(),
  ownerId: id(),
  providerId: id(),
  model: 'm',
  askable: [],
  startedAt: 0,
  prompt: { estimate: () => ({ input: tokens, output: 0, answers: 1 }) },
})

export async function reserve({ leases }: TestNode, tokens?: number): Promise<Held | LimitReached> {
  try {
    return await leases.reserve(wish(tokens))
  } catch (error) {
    if (error instanceof LimitReached) return error
    throw error
  }
}

export const admitted = (results: readonly (Held | LimitReached)[]): readonly Held[] =>
  results.filter((result): result is Held => !(result instanceof LimitReached))

/** Calls idle slices back like the listening connection of a real node. */
export async function listening<Result>(world: World, work: () => Promise<Result>): Promise<Result> {
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
export async function store(world: World, charges: ReturnType<Held['settle']>): Promise<void> {
  await count(charges)
  for (const { leases } of world.nodes) leases.stored(charges)
}

/** As the database has it, before the node has heard of that. */
export async function count(charges: ReturnType<Held['settle']>): Promise<void> {
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
}
