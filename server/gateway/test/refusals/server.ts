import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'
import { createApp } from '../../../app.ts'
import type { World } from '../world.ts'
import { type Cases, raw, strange } from './case.ts'

const bug = () => {
  throw new Error('a secret of the code')
}

/** The HTTP server around the gateway, impatient, with bugs behind one header. */
async function startApp(world: World): Promise<number> {
  const nothing = () => undefined
  const app = createApp(
    { ...world.parts, config: { ...world.parts.config, fastPath: false } },
    {
      work(req, res) {
        if (req.headers['x-bug'] === 'outside') bug()
        if (req.headers['x-bug'] === 'inside') Object.defineProperty(req, 'url', { get: bug })
        world.gateway.handle(req, res)
      },
      control: nothing,
      notReady: () => null,
      draining: () => false,
    },
  )
  app.headersTimeout = 200
  app.requestTimeout = 200
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    app.closeAllConnections()
    app.close()
  })
  const { port }: AddressInfo = Object(app.address())
  return port
}

/** What the HTTP server around the gateway refuses, and what it says of bugs. */
export async function serverCases(world: World): Promise<Cases> {
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
      {
        cause: 'half a body',
        ask: () =>
          raw(
            port,
            `POST /work HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${world.key.text}\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`,
          ),
        says: /too long to arrive/,
        headers: { connection: /close/ },
        end: null,
      },
    ],
    internal_error: [
      ['outside', /^Something went wrong on our side\.$/] as const,
      ['inside', /^Something went wrong here\. It has been logged/] as const,
    ].map(([where, says]) => ({
      cause: `a bug ${where} the gateway`,
      ask: () => strange(`http://127.0.0.1:${port}/work`, { 'x-bug': where }),
      says,
      end: null,
    })),
  }
}
