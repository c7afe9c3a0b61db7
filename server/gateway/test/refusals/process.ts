import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import { systemRandom } from '../../../lib/random.ts'
import { occupy } from '../busy.ts'
import { plainAnswer, sendJson } from '../provider.ts'
import { until } from '../raw.ts'
import type { World } from '../world.ts'
import { type Answer, type Cases, sender } from './case.ts'

/** How many requests the process takes at once. */
export const MAX_AT_ONCE = 4

/** What this process cannot do now. `fresh`: nothing was asked of it yet. */
export function processCases(world: World, fresh: World): Cases {
  const send = sender(world)
  const limitId = systemRandom.uuidv7()
  return {
    overloaded: [
      {
        cause: 'this process has as many requests as it takes',
        ask: () => whileFull(world),
        says: /^Too much is going on here right now\.$/,
        headers: { 'retry-after': /^1$/ },
      },
      {
        cause: 'this process comes late to everything',
        ask: () => whileLate(world),
        says: /^Too much is going on here right now\.$/,
        headers: { 'retry-after': /^1$/ },
        end: null,
      },
    ],
    draining: [
      {
        cause: 'the process stops before the answer has begun',
        ask: () => whileStopping(world),
        says: /about to stop/,
        end: 'INTERRUPTED',
      },
    ],
    accounting_unavailable: [
      {
        cause: 'the journal cannot be written',
        ask: () => withoutJournal(fresh),
        says: /cannot be recorded/,
        end: null,
      },
      {
        cause: 'nothing of a limit was leased, and the database is away',
        ask: () => withoutLease(world, limitId),
        says: /^Quotas cannot be checked right now\.$/,
        by: () => ['LIMIT', limitId],
      },
    ],
    auth_unavailable: [
      {
        cause: 'an unknown key while the database is away',
        async ask() {
          const key = await world.mintKey()
          return withoutDatabase(world, () => send({ key }))
        },
        says: /cannot be checked/,
        end: null,
      },
      {
        cause: 'a known key beyond the staleness bound',
        ask: () =>
          withoutDatabase(world, async () => {
            await until(async () => (await send()).status === 503)
            return send()
          }),
        says: /cannot be checked/,
        end: null,
      },
    ],
  }
}

async function whileStopping(world: World): Promise<Answer> {
  const { answer } = world.provider
  world.provider.answer = () => undefined
  const before = world.provider.received.length
  const asked = sender(world)()
  await until(() => world.provider.received.length > before)
  await world.gateway.drain(0)
  world.provider.answer = answer
  return asked
}

/** One more than the process takes, while the others wait for the provider. */
async function whileFull(world: World): Promise<Answer> {
  const send = sender(world)
  const { answer } = world.provider
  const held: (() => void)[] = []
  world.provider.answer = (_req, res) => held.push(() => sendJson(res, 200, plainAnswer))
  const before = Array.from({ length: MAX_AT_ONCE }, () => send())
  await until(() => held.length === MAX_AT_ONCE)
  const refused = await send()
  world.provider.answer = answer
  for (const release of held) release()
  await Promise.all(before)
  return refused
}

/** What is refused first of what comes in while the event loop is held up. */
async function whileLate(world: World): Promise<Answer> {
  const send = sender(world)
  const release = occupy()
  try {
    for (let tries = 0; tries < 30; tries++) {
      const answer = await send()
      if (answer.status !== 200) return answer
    }
    throw new Error('everything was answered')
  } finally {
    release()
    await until(async () => (await send()).status === 200)
  }
}

async function withoutLease(world: World, limitId: string): Promise<Answer> {
  const key = await world.mintKey()
  // The key is known before the database goes; of its limit nothing was needed yet.
  await sender(world)({ key })
  const data = { id: limitId, target: 'KEY', keyId: key.id, metric: 'REQUESTS', period: 'DAY', amount: 1_000n } as const
  await world.change('Limit', limitId, (tx) => tx.limit.create({ data }))
  return withoutDatabase(world, () => sender(world)({ key }))
}

async function withoutJournal(world: World): Promise<Answer> {
  const journal = join(world.parts.config.dataDir, 'journal')
  rmSync(journal, { recursive: true })
  const answer = await sender(world)()
  mkdirSync(journal)
  return answer
}

async function withoutDatabase(world: World, work: () => Promise<Answer>): Promise<Answer> {
  const admin = new pg.Client({ host: inject('socketDir'), user: 'postgres', database: 'postgres' })
  await admin.connect()
  const { database } = world.db.connection
  await admin.query(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS false`)
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database])
  try {
    return await work()
  } finally {
    await admin.query(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS true`)
    await admin.end()
    await until(async () => (await sender(world)()).status === 200)
  }
}
