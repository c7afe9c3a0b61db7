import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'
import { createApp } from '../../../app.ts'
import { installLane } from '../../lane/lane.ts'
import { drip, sendRaw } from '../raw.ts'
import type { World } from '../world.ts'
import { type Case, type Cases, raw, strange, toAnswer } from './case.ts'

const bug = () => {
  throw new Error('a secret of the code')
}

/** The HTTP server around the gateway, impatient, with bugs behind one header. */
async function startApp(world: World, hasLane: boolean): Promise<number> {
  const nothing = () => undefined
  const draining = () => false
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
      draining,
    },
  )
  const timeouts = { headersTimeout: 200, requestTimeout: 200, keepAliveTimeout: 75_000 }
  Object.assign(app, timeouts)
  const { clock } = world.parts
  if (hasLane) installLane(app, { ...timeouts, clock, draining, isOurHost: () => true, work: world.gateway.handle })
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
  const port = await startApp(world, false)
  const ports = { 'node:http': port, 'the lane': await startApp(world, true) }
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
    bad_request: Object.entries(ports).map(([where, at]) => cutOffCase(world, where, at)),
    request_timeout: Object.entries(ports).flatMap(([where, at]) => slowCases(world, where, at)),
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

const LINE = 'POST /work HTTP/1.1\r\nhost: 127.0.0.1\r\n'
const longHead = ({ key }: World) =>
  `${LINE}authorization: Bearer ${key.text}\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n`

/** A request that ends before its body does, on either way through the process. */
const cutOffCase = (world: World, where: string, port: number): Case => ({
  cause: `half a body and no more, in ${where}`,
  ask: async () => toAnswer(await sendRaw(port, `${longHead(world)}{`, undefined, (socket) => socket.end())),
  says: /not valid HTTP/,
  headers: { connection: /close/ },
  end: null,
})

/** A request that takes its time, on either way through the process. */
function slowCases(world: World, where: string, port: number): readonly Case[] {
  const head = longHead(world)
  const slow = (cause: string, ask: Case['ask']): Case => ({
    cause: `${cause}, in ${where}`,
    ask,
    says: /too long to arrive/,
    headers: { connection: /close/ },
    end: null,
  })
  return [
    slow('half a head', () => raw(port, LINE)),
    slow('half a body', () => raw(port, `${head}{`)),
    slow('a head drop by drop', async () => toAnswer(await drip(port, LINE, 'x'))),
    slow('a body drop by drop', async () => toAnswer(await drip(port, head, ' '))),
  ]
}
