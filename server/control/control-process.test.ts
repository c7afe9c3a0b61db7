import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createLog } from '../lib/log.ts'
import { testWorld } from '../test/world.ts'
import { startControlProcess } from './control-process.ts'

const { parts, db } = await testWorld()
const dir = mkdtempSync(join(tmpdir(), 'aic-control-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const config = {
  ...parts.config,
  dataDir: dir,
  masterKeys: [Buffer.alloc(32, 7)],
  setupToken: 'a-token-of-the-operator',
}

test('one that ends before its first answer is started again, announces itself then, and answers', async () => {
  const ended = Promise.withResolvers<unknown>()
  const log = Object.assign(createLog('silent'), { error: ended.resolve })
  const control = startControlProcess({ ...parts, log })
  const server = createServer((req, res) => control.handle(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port }: AddressInfo = Object(server.address())
  const socketDir = join(dir, 'later')
  // There is no such directory yet: it cannot listen there.
  control.begin({ config, connection: db.connection, socketPath: join(socketDir, 's'), ownPorts: [port] })
  expect(await ended.promise).toMatchObject({ code: 1 })
  const asked = fetch(`http://127.0.0.1:${port}/metrics`)
  mkdirSync(socketDir)
  expect(await control.ready).toBe(config.setupToken)
  expect((await asked).status).toBe(401)
  server.close()
  server.closeAllConnections()
  await control.stop()
})
