import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { forward } from './proxy.ts'

const dir = mkdtempSync(join(tmpdir(), 'aic-proxy-'))
const socketPath = join(dir, 's')
const back = createServer((_req, res) => res.end('answered')).listen(socketPath)
await once(back, 'listening')
afterAll(() => {
  rmSync(dir, { recursive: true, force: true })
  close(back)
})

function close(server: Server) {
  server.close()
  server.closeAllConnections()
}

async function startFront(handle: (req: IncomingMessage, res: ServerResponse) => void) {
  const front = createServer(handle).listen(0, '127.0.0.1')
  afterAll(() => close(front))
  await once(front, 'listening')
  const { port }: AddressInfo = Object(front.address())
  return `http://127.0.0.1:${port}`
}

test('a request of a caller who has left meanwhile is not handed on', async () => {
  let connections = 0
  back.on('connection', () => connections++)
  const leaving = new AbortController()
  const handed = Promise.withResolvers<void>()
  const url = await startFront(async (req, res) => {
    if (req.url === '/left') {
      leaving.abort()
      await once(res, 'close')
    }
    forward({ req, res }, { socketPath, address: null, requestId: 'one' })
    handed.resolve()
  })
  await expect(fetch(`${url}/left`, { signal: leaving.signal })).rejects.toThrow('aborted')
  await handed.promise
  expect(await (await fetch(url)).text()).toBe('answered')
  expect(connections).toBe(1)
})
