import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { afterAll } from 'vitest'
import type { Prisma } from '../../../generated/prisma/client.ts'
import { plainAnswer, sendJson } from '../provider.ts'
import { until } from '../raw.ts'
import type { World } from '../world.ts'
import { type Answer, type Case, type Cases, sender } from './case.ts'

type Provider = Partial<Prisma.ProviderUncheckedCreateInput>

/** A server that answers every connection with these bytes. */
async function answering(bytes: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => socket.end(bytes))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => server.close())
  const { port }: { port: number } = Object(server.address())
  return `http://127.0.0.1:${port}/v1`
}

/** Providers that fail, and those that have no room. */
export const providerCases = (world: World): Cases => ({ ...brokenCases(world), ...answeredCases(world) })

const keyMaker = (world: World) => async (set: Provider) => world.mintKey({ providerId: await world.addProvider(set) })

function brokenCases(world: World): Cases {
  const send = sender(world)
  const keyOf = keyMaker(world)
  const at = (cause: string, set: () => Provider | Promise<Provider>, says: RegExp): Case => ({
    cause,
    ask: async () => send({ key: await keyOf(await set()) }),
    says,
    end: 'UPSTREAM_FAILED',
  })
  const bytes = (cause: string, text: string) =>
    at(cause, async () => ({ baseUrl: await answering(text) }), /cannot be passed on/)
  const gone = { baseUrl: 'http://127.0.0.1:1/v1' }
  return {
    upstream_unreachable: [
      at('nobody listens', () => gone, /could not be reached/),
      at('an address that is not allowed', () => ({ baseUrl: 'http://169.254.169.254/v1' }), /could not be reached/),
      at('it hangs up', async () => ({ baseUrl: await answering('') }), /could not be reached/),
      {
        cause: 'it has been failing',
        async ask() {
          const key = await keyOf(gone)
          for (let count = 0; count < 10; count++) await send({ key })
          return send({ key })
        },
        says: /left alone for a moment/,
        headers: { 'retry-after': /^[1-9]\d*$/ },
      },
    ],
    upstream_invalid_response: [
      bytes('no HTTP', 'hello\r\n\r\n'),
      bytes('a body shorter than its length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a":1}'),
      bytes(
        'two framings at once',
        'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      ),
      bytes(
        'an upgrade nobody asked for',
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      ),
      bytes('endless headers', `HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(100)}`),
      bytes('a redirect', 'HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n'),
    ],
  }
}

function answeredCases(world: World): Cases {
  const send = sender(world)
  const keyOf = keyMaker(world)
  const answered = (cause: string, says: RegExp, answer: (res: ServerResponse) => void, set: Provider = {}): Case => ({
    cause,
    async ask() {
      world.provider.answer = (_req, res) => answer(res)
      const result = await send({ key: await keyOf(set) })
      world.provider.answer = (_req, res) => sendJson(res, 200, plainAnswer)
      return result
    },
    says,
    end: 'UPSTREAM_FAILED',
  })
  const silent = () => undefined
  return {
    upstream_auth: [
      ...[401, 403, 407].map((status) =>
        answered(`it answers ${status}`, /refused the credential/, (res) => sendJson(res, status, { error: 'secret' })),
      ),
      {
        cause: 'its credential cannot be opened',
        ask: async () => send({ key: await keyOf({ sealedCredential: new Uint8Array(40) }) }),
        says: /credential for the provider cannot be used/,
      },
    ],
    upstream_timeout: [
      answered('no first byte in time', /did not answer in time/, silent, { firstByteTimeoutMs: 200 }),
      answered('too long in total', /did not answer in time/, silent, { totalTimeoutMs: 1_000 }),
    ],
    overloaded: [
      {
        cause: 'the provider has as many requests as it may, and as many wait',
        ask: () => whileBusy(world),
        says: /busy with as many requests as it is allowed/,
      },
    ],
  }
}

/** One more than a provider of one place and one waiting takes. */
async function whileBusy(world: World): Promise<Answer> {
  const send = sender(world)
  const held: (() => void)[] = []
  world.provider.answer = (_req, res) => held.push(() => sendJson(res, 200, plainAnswer))
  const key = await world.mintKey({ providerId: await world.addProvider({ maxConcurrency: 1 }) })
  const before = [send({ key }), send({ key })]
  await until(() => held.length === 1 && world.gateway.running() === 2)
  const answer = await send({ key })
  world.provider.answer = (_req, res) => sendJson(res, 200, plainAnswer)
  held[0]?.()
  await Promise.all(before)
  return answer
}
