// What is tested is a process of its own: it is forked by its constant path, without an argument or a shell.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../lib/clock.ts'
import { createKeyring } from '../lib/keyring.ts'
import { createLog } from '../lib/log.ts'
import { testWorld } from '../test/world.ts'
import { createAccessToken } from '../users/access-tokens.service.ts'
import { startControlProcess } from './control-process.ts'

const world = await testWorld()
const { parts, db } = world
const dir = mkdtempSync(join(tmpdir(), 'aic-control-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const config = {
  ...parts.config,
  dataDir: dir,
  masterKeys: [Buffer.alloc(32, 7)],
  setupToken: 'a-token-of-the-operator',
}

type Needs = Parameters<typeof startControlProcess>[0]

/** Started, with a server before it as the gateway's. */
async function start(socketPath: string, needs: Partial<Needs> = {}) {
  const control = startControlProcess({ ...parts, ...needs })
  const server = createServer((req, res) => control.handle(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port }: AddressInfo = Object(server.address())
  control.begin({ config, connection: db.connection, socketPath, ownPorts: [port] })
  const stop = () => {
    server.close()
    server.closeAllConnections()
    return control.stop()
  }
  return { control, url: `http://127.0.0.1:${port}`, stop }
}

test('one that ends before its first answer is started again, announces itself then, and answers', async () => {
  const ended = Promise.withResolvers<unknown>()
  const log = Object.assign(createLog('silent'), { error: ended.resolve })
  // There is no such directory yet: it cannot listen there.
  const socketDir = join(dir, 'later')
  const { control, url, stop } = await start(join(socketDir, 's'), { log })
  expect(await ended.promise).toMatchObject({ code: 1 })
  const asked = fetch(`${url}/metrics`)
  mkdirSync(socketDir)
  expect(await control.ready).toBe(config.setupToken)
  expect((await asked).status).toBe(401)
  await stop()
})

test('a question that fails in the gateway is an error to who asked, and nothing more', async () => {
  const metrics = { ...parts.metrics, read: () => Promise.reject(new Error('no metrics today')) }
  const { control, url, stop } = await start(join(dir, 's'), { metrics })
  await control.ready
  const keyring = createKeyring(config.masterKeys)
  const administrator = await world.person('ADMINISTRATOR')
  const act = { ...administrator, parts: { ...parts, keyring, clock: systemClock } }
  const { secret } = await createAccessToken(act, { name: 'Scraper', scopes: ['READ'] })
  expect((await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${secret}` } })).status).toBe(500)
  expect((await fetch(`${url}/metrics`)).status).toBe(401)
  await stop()
})

test('one that is told to end before it serves ends at once, and well', async () => {
  const child = fork(join(import.meta.dirname, 'main.ts'), { serialization: 'advanced' })
  const exited = once(child, 'exit')
  child.send({ kind: 'end' })
  expect(await exited).toEqual([0, null])
})
