import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { beforeEach, describe, expect, it } from 'vitest'
import { until } from './test/raw.ts'
import { startWorld, type TestKey } from './test/world.ts'

const world = await startWorld()
const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 }
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const part = (content: string) =>
  event({ id: 'c', model: 'gpt-4-0613', choices: [{ index: 0, delta: { content } }], usage: null })
const extra = event({ id: 'c', model: 'gpt-4-0613', choices: [], usage })
const DONE = 'data: [DONE]\n\n'
const SSE = { 'content-type': 'text/event-stream' }

const post = (more: object = {}, signal: AbortSignal | null = null, key: TestKey = world.key, path = '') =>
  fetch(world.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.text}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4', messages: [], stream: true, ...more }),
    signal,
  })
const lastEntry = async () => (await world.entries()).at(-1)

/** The provider sends what is given and leaves the rest to the test. */
const streams = (...parts: readonly string[]) => {
  const answered = Promise.withResolvers<ServerResponse>()
  streamsEach((res) => answered.resolve(res), ...parts)
  return answered.promise
}

/** The same for every request. */
const streamsEach = (then: (res: ServerResponse) => void, ...parts: readonly string[]) => {
  world.provider.answer = (_req, res) => {
    res.writeHead(200, SSE)
    for (const text of parts) res.write(text)
    then(res)
  }
}

async function readUntil(res: Response, text: string) {
  const reader = res.body?.pipeThrough(new TextDecoderStream()).getReader()
  let all = ''
  while (reader && !all.includes(text)) {
    const { done, value } = await reader.read()
    if (done) break
    all += value
  }
  return { all, reader }
}

beforeEach(() => {
  world.provider.received.length = 0
})

describe('a stream', () => {
  it('arrives as it was sent, and its tokens are counted although nobody asked for usage', async () => {
    const provider = streams(part('Hel'), part('lo'), extra, DONE).then((res) => res.end())
    const res = await post()
    expect(res.headers.get('content-type')).toBe('text/event-stream')
    expect(await res.text()).toBe(part('Hel') + part('lo') + DONE)
    await provider
    expect(JSON.parse(world.provider.received[0]?.body ?? '')).toMatchObject({
      stream_options: { include_usage: true },
    })
    expect(await lastEntry()).toMatchObject({
      streamed: true,
      end: 'COMPLETE',
      inputTokens: 9,
      outputTokens: 2,
      modelAnswered: 'gpt-4-0613',
    })
    expect((await lastEntry())?.firstTokenMs).not.toBe(null)
  })

  it('keeps its last chunk for a caller who asked for usage', async () => {
    streams(part('x'), extra, DONE).then((res) => res.end())
    const res = await post({ stream_options: { include_usage: true } })
    expect(await res.text()).toBe(part('x') + extra + DONE)
    expect(await lastEntry()).toMatchObject({ inputTokens: 9 })
  })

  it('arrives piece by piece, not at its end', async () => {
    const provider = streams(part('first'))
    const { all, reader } = await readUntil(await post(), 'first')
    expect(all).toBe(part('first'))
    ;(await provider).end(DONE)
    expect((await reader?.read())?.value).toBe(DONE)
  })

  it('begins for its caller when its provider begins, before the first event', async () => {
    world.provider.answer = (_req, res) => res.writeHead(200, SSE).flushHeaders()
    const leaving = new AbortController()
    expect((await post({}, leaving.signal)).status).toBe(200)
    leaving.abort()
    await until(() => world.gateway.running() === 0)
  })

  it('is whole without [DONE] when the provider ended it properly', async () => {
    streams(part('x'), extra).then((res) => res.end())
    expect(await (await post()).text()).toBe(part('x'))
    expect(await lastEntry()).toMatchObject({ end: 'COMPLETE', outputTokens: 2 })
  })

  it('with an error event of the provider passes and counts as failed', async () => {
    const failed = event({ error: { message: 'overloaded' } })
    streams(part('x'), failed).then((res) => res.end())
    expect(await (await post()).text()).toBe(part('x') + failed)
    expect(await lastEntry()).toMatchObject({ end: 'UPSTREAM_FAILED', code: 'provider_error', status: 200 })
  })
})

describe('a stream that breaks', () => {
  const errorOf = (text: string) => JSON.parse(text.slice(text.lastIndexOf('data: ') + 6)).error.code

  it('in the middle ends with an error event, without [DONE], and keeps the usage it had', async () => {
    streams(part('x'), extra, 'data: {"half').then((res) => setTimeout(() => res.destroy(), 20))
    const text = await (await post()).text()
    expect(text.startsWith(part('x'))).toBe(true)
    expect(errorOf(text)).toBe('upstream_invalid_response')
    expect(text).not.toContain('[DONE]')
    expect(await lastEntry()).toMatchObject({
      end: 'UPSTREAM_FAILED',
      code: 'upstream_invalid_response',
      status: 200,
      outputTokens: 2,
    })
  })

  it('in the middle of an event that has begun at the caller is closed with a line of its own', async () => {
    streams(part('x'), 'data: {"half').then((res) => setTimeout(() => res.destroy(), 20))
    const text = await (await post({ stream_options: { include_usage: true } })).text()
    expect(text).toContain('data: {"half\n\ndata: {"error"')
  })

  it('names its error event where clients pass over events without a name', async () => {
    const key = await world.mintKey({ providerId: await world.addProvider({ wireFormat: 'ANTHROPIC' }) })
    streams('event: ping\ndata: {"type":"ping"}\n\n').then((res) => setTimeout(() => res.destroy(), 20))
    expect(await (await post({}, null, key, '/v1/messages')).text()).toContain('\n\nevent: error\ndata: {"error"')
  })

  it('by saying nothing for too long ends with upstream_timeout', async () => {
    const key = await world.mintKey({ providerId: await world.addProvider({ idleTimeoutMs: 200 }) })
    streams(part('x'))
    expect(errorOf(await (await post({}, null, key)).text())).toBe('upstream_timeout')
  })
})

describe('a stream that has said its end', () => {
  const dies = (res: ServerResponse) => setTimeout(() => res.destroy(), 20)
  const of = (type: string, more: object = {}) => `event: ${type}\n${event({ type, ...more })}`

  it.each([
    ['[DONE]', '', 'OPENAI', [part('x'), extra, DONE], part('x') + DONE],
    ['message_stop', '/v1/messages', 'ANTHROPIC', [of('message_stop')], of('message_stop')],
    ['response.completed', '/responses', 'OPENAI', [of('response.completed')], of('response.completed')],
  ] as const)('by %s is whole, whatever becomes of its connection', async (_, path, wireFormat, sent, received) => {
    const providerId = await world.addProvider({ wireFormat })
    const key = await world.mintKey({ providerId })
    streamsEach(dies, ...sent)
    for (let n = 0; n < 10; n++) {
      const answer = await post({}, null, key, path)
      expect(await answer.text()).toBe(received)
    }
    expect(await lastEntry()).toMatchObject({ end: 'COMPLETE', code: null, status: 200 })
    expect(world.parts.breakers.of(providerId).state).toBe('CLOSED')
  })

  it('is complete for a caller who leaves then, and its provider is left at once', async () => {
    const provider = streams(part('x'), extra, DONE)
    const left = provider.then((res) => new Promise((resolve) => res.once('close', resolve)))
    const leaving = new AbortController()
    await readUntil(await post({}, leaving.signal), DONE)
    leaving.abort()
    await left
    await until(() => world.gateway.running() === 0)
    expect(await lastEntry()).toMatchObject({ end: 'COMPLETE', status: 200, outputTokens: 2 })
  })

  it('but not while it speaks of it', async () => {
    const quoted = part(JSON.stringify({ type: 'message_stop' }) + DONE)
    streams(quoted, 'data: [DONE]').then(dies)
    expect(await (await post()).text()).toContain('upstream_invalid_response')
    expect(await lastEntry()).toMatchObject({ end: 'UPSTREAM_FAILED' })
  })
})

describe('a caller who leaves a stream', () => {
  it('ends it at the provider within 100 ms, and what was generated is recorded', async () => {
    let closedAt = 0
    const provider = streams(part('x'), event({ choices: [{ delta: {} }], usage }))
    const leaving = new AbortController()
    await readUntil(await post({}, leaving.signal), 'x')
    ;(await provider).on('close', () => {
      closedAt = performance.now()
    })
    const leftAt = performance.now()
    leaving.abort()
    await until(() => closedAt > 0)
    expect(closedAt - leftAt).toBeLessThan(100)
    await until(async () => (await lastEntry())?.end === 'CLIENT_LEFT')
    expect(await lastEntry()).toMatchObject({ status: 200, outputTokens: 2 })
  })

  it('and one who stops reading makes the provider wait instead of this process grow', async () => {
    const block = part('x'.repeat(64 * 1024))
    let sent = 0
    world.provider.answer = (_req, res) => {
      res.writeHead(200, SSE)
      const write = () => {
        while (sent < 50 * 1024 * 1024 && !res.destroyed) {
          sent += block.length
          if (!res.write(block)) return void res.once('drain', write)
        }
        res.end(DONE)
      }
      write()
    }
    const body = JSON.stringify({ model: 'gpt-4', stream: true })
    const socket = connect(world.port, '127.0.0.1')
    socket.write(
      `POST /work HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.key.text}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    socket.pause()
    let before = -1
    await until(async () => {
      const isStill = sent === before && sent > 0
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 100))
      return isStill && sent === before
    })
    expect(sent).toBeLessThan(20 * 1024 * 1024)
    let received = 0
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    socket.resume()
    await until(() => received > 50 * 1024 * 1024)
    socket.destroy()
  })
})
