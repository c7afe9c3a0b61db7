import { randomBytes } from 'node:crypto'
import { afterAll } from 'vitest'
import { readConfig } from '../config.ts'
import type { Role } from '../generated/prisma/enums.ts'
import type { GatewayParts, Parts } from '../lib/parts.ts'
import type { Act } from '../users/viewer.ts'
import { type TestDb, testDb } from './database.ts'
import { buildTestParts } from './parts.ts'

const DAY_MS = 86_400_000

/** A clock that stands still until a test moves it. */
export type TestClock = {
  now(): Date
  set(at: Date): void
  advance(ms: number): void
  /** The instant so many days from now. */
  inDays(days: number): Date
}

export function testClock(start = new Date('2026-11-23T12:00:00.000Z')): TestClock {
  let now = start.getTime()
  return {
    now: () => new Date(now),
    set: (at) => {
      now = at.getTime()
    },
    advance: (ms) => {
      now += ms
    },
    inDays: (days) => new Date(now + days * DAY_MS),
  }
}

/** Parts over a database of this test file alone, and people who can act. */
export type World = {
  readonly parts: GatewayParts & Parts
  readonly db: TestDb
  readonly clock: TestClock
  /** A new person, signed in. */
  person(role?: Role): Promise<Act>
  /** A new provider at a loopback address that nobody listens on. */
  provider(): Promise<{ readonly id: string; readonly name: string }>
  /** So many keys that never expire: without secrets, but written by one statement. */
  manyKeys(
    count: number,
    of: { readonly owner: Act; readonly providerId: string; readonly type?: string },
  ): Promise<void>
}

const nickname = () => `p${randomBytes(5).toString('hex')}`

/** Call it once per test file, at the top: `const world = await testWorld()`. */
export async function testWorld(): Promise<World> {
  const db = await testDb()
  const clock = testClock()
  const config = readConfig({ AIC_LOOPBACK_UPSTREAMS: '1', AIC_LOG_LEVEL: 'silent', AIC_DATA_DIR: 'data' })
  const parts = buildTestParts({ config, db, clock, ownPorts: () => [9090] })
  await parts.changes.start()
  afterAll(async () => {
    parts.signals.close()
    await parts.changes.stop()
  })
  return {
    parts,
    db,
    clock,
    async person(role = 'USER') {
      const username = nickname()
      const { id } = await db.prisma.user.create({ data: { username, displayName: username, role } })
      const viewer = { id, username, role, via: 'session', proofId: id, scopes: ['READ', 'WRITE'] } as const
      return { parts, viewer, origin: { requestId: null, address: '127.0.0.1', userAgent: null } }
    },
    provider: () =>
      db.prisma.provider.create({
        data: { name: nickname(), baseUrl: 'http://127.0.0.1:9/v1', authType: 'NONE', enabledModels: ['*'] },
      }),
    async manyKeys(count, { owner, providerId, type = 'Development' }) {
      await db.pool.query(
        `INSERT INTO api_keys (id, name, owner_id, creator_id, provider_id, type, created_at)
         SELECT gen_random_uuid(), 'Bulk ' || n, $1, $1, $2, $3, $4 FROM generate_series(1, $5::int) AS n`,
        [owner.viewer.id, providerId, type, clock.now(), count],
      )
    },
  }
}
