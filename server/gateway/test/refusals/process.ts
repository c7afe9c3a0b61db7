import { mkdirSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import { createApp } from '../../../app.ts'
import { until } from '../raw.ts'
import type { World } from '../world.ts'
import { type Answer, type Cases, raw, sender, strange } from './case.ts'

/** The HTTP server around the gateway, impatient, with a bug behind one header. */
async function startApp(world: World): Promise<number> {
  const nothing = () => undefined
  const app = createApp(
    { ...world.parts, config: { ...world.parts.config, fastPath: false } },
    {
      work(req, res) {
        if (req.headers['x-bug']) throw new Error('a secret of the code')
        world.gateway.handle(req, res)
      },
      graphql: nothing,
      metrics: nothing,
      notReady: () => null,
      draining: () => false,
    },
  )
  app.headersTimeout = 200
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    app.closeAllConnections()
    app.close()
  })
  const { port }: AddressInfo = Object(app.address())
  return port
}

/** What this process cannot do now, and what its HTTP server refuses. `fresh`: nothing was asked of it yet. */
export const processCases = async (world: World, fresh: World): Promise<Cases> => ({
  ...(await serverCases(world)),
  ...stateCases(world, fresh),
})

async function serverCases(world: World): Promise<Cases> {
  const port = await startApp(world)
  return {
    misdirected_request: [
      {
        cause: 'another host',
        ask: () => raw(port, 'POST /work HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n'),
        says: /not known under that host name/,
        end: null,
      },
    ],
    headers_too_large: [
      {
        cause: '40 kB of headers',
        ask: () => raw(port, `POST /work HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`),
        says: /headers are too large/,
        headers: { connection: /close/ },
        end: null,
      },
    ],
    request_timeout: [
      {
        cause: 'half a head',
        ask: () => raw(port, 'POST /work HTTP/1.1\r\nhost: 127.0.0.1\r\n'),
        says: /too long to arrive/,
        headers: { connection: /close/ },
        end: null,
      },
    ],
    internal_error: [
      {
        cause: 'a bug',
        ask: () => strange(`http://127.0.0.1:${port}/work`, { 'x-bug': '1' }),
        says: /^Something went wrong/,
        end: null,
      },
    ],
  }
}

function stateCases(world: World, fresh: World): Cases {
  const send = sender(world)
  return {
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
