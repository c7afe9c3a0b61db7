import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Endpoint } from './route.ts'
import { SseReader } from './sse.ts'

const chunk = (content: string, usage: unknown = null) =>
  `data: ${JSON.stringify({ id: 'c', model: 'gpt-4-0613', choices: [{ index: 0, delta: { content } }], usage })}\n\n`
const extra = (usage: unknown) => `data: ${JSON.stringify({ id: 'c', model: 'gpt-4-0613', choices: [], usage })}\n\n`
const DONE = 'data: [DONE]\n\n'
const usage = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 }

function pass(hidesUsage: boolean, pieces: readonly Buffer[], endpoint: Endpoint = 'chat/completions') {
  const reader = new SseReader(hidesUsage, endpoint)
  const passed = [...pieces.map((piece) => reader.push(piece)), reader.end()]
  return { text: Buffer.concat(passed).toString(), reader }
}

const cutAt = (bytes: Buffer, cuts: readonly number[]) => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

const withEnds = (text: string, end: string) => text.replaceAll('\n', end)

describe('a stream cut anywhere', () => {
  const full = `: hello\n\n${chunk('é"usage"')}${chunk('\u{1f600}')}${extra(usage)}${DONE}`
  const visible = full.replace(extra(usage), '')

  it.each(['\n', '\r\n', '\r'])('loses exactly its extra event, with lines ending in %j', (end) => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (cuts) => {
        const { text, reader } = pass(true, cutAt(Buffer.from(withEnds(full, end)), cuts))
        expect(text).toBe(withEnds(visible, end))
        expect(reader.tokens).toEqual({ input: 9, output: 12, cached: null })
        expect(reader.model).toBe('gpt-4-0613')
      }),
      { numRuns: 300 },
    )
  })

  it.each(['\n', '\r\n', '\r'])('loses nothing when the caller asked for usage, with lines ending in %j', (end) => {
    const bytes = Buffer.from(withEnds(full, end))
    const { text, reader } = pass(
      false,
      [...bytes].map((byte) => Buffer.of(byte)),
    )
    expect(text).toBe(bytes.toString())
    expect(reader.tokens.output).toBe(12)
  })
})

describe('usage in a stream', () => {
  const tokens = (text: string, hides = true) => pass(hides, [Buffer.from(text)]).reader.tokens

  it('is found behind a byte order mark and without [DONE]', () => {
    expect(tokens(`\ufeff${extra(usage)}`)).toMatchObject({ input: 9, output: 12 })
  })

  it('is found in an event that the end of the stream cuts off', () => {
    expect(tokens(extra(usage).trimEnd())).toMatchObject({ input: 9, output: 12 })
  })

  it('is unknown when it is missing, negative, huge, fractional or a text', () => {
    const nothing = { input: null, output: null, cached: null }
    expect(tokens(chunk('x') + DONE)).toEqual(nothing)
    for (const bad of [-1, 1e300, 2 ** 40, 1.5, '12', null]) {
      expect(tokens(extra({ prompt_tokens: bad, completion_tokens: bad }))).toEqual(nothing)
    }
  })

  it('is the last one when it comes twice, and both extra events are hidden', () => {
    const { text, reader } = pass(true, [Buffer.from(extra(usage) + extra({ ...usage, completion_tokens: 13 }) + DONE)])
    expect(reader.tokens.output).toBe(13)
    expect(text).toBe(DONE)
  })

  it('stays in an event that says as well that the provider failed', () => {
    const failed = extra(usage).replace('{', '{"error":{"message":"overloaded"},')
    const { text, reader } = pass(true, [Buffer.from(chunk('x') + failed)])
    expect([text, reader.failed, reader.tokens.output]).toEqual([chunk('x') + failed, true, 12])
  })

  it('stays in an event that carries part of the answer', () => {
    const { text, reader } = pass(true, [Buffer.from(chunk('x', usage) + DONE)])
    expect(text).toBe(chunk('x', usage) + DONE)
    expect(reader.tokens.output).toBe(12)
  })

  it('is gathered from both ends of an Anthropic stream', () => {
    const start = {
      type: 'message_start',
      message: { model: 'claude', usage: { input_tokens: 5, cache_read_input_tokens: 3, output_tokens: 1 } },
    }
    const delta = { type: 'message_delta', usage: { output_tokens: 15 } }
    const events = [start, delta].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
    expect(tokens(events, false)).toEqual({ input: 8, output: 15, cached: 3 })
  })

  it('is read from the last event of /responses', () => {
    const event = {
      type: 'response.completed',
      response: {
        model: 'gpt-4',
        usage: { input_tokens: 5, output_tokens: 6, input_tokens_details: { cached_tokens: 2 } },
      },
    }
    expect(tokens(`event: response.completed\ndata: ${JSON.stringify(event)}\n\n`, false)).toEqual({
      input: 5,
      output: 6,
      cached: 2,
    })
  })
})

describe('an event with a picture in it', () => {
  it('is passed on, and what it says of usage behind the picture is found', () => {
    const picture = 'iVBO'.repeat(400_000)
    const response = {
      model: 'gpt-4-0613',
      output: [{ result: picture }],
      usage: { input_tokens: 7, output_tokens: 9 },
    }
    const event = `data: ${JSON.stringify({ type: 'response.completed', response })}\n\n`
    const cuts = Array.from({ length: 40 }, (_, n) => (n + 1) * 40_000)
    for (const hidesUsage of [true, false]) {
      const { text, reader } = pass(hidesUsage, cutAt(Buffer.from(event), [...cuts, event.length - 30]), 'responses')
      expect(text === event).toBe(true)
      expect([reader.tokens, reader.generated.tokens]).toEqual([{ input: 7, output: 9, cached: null }, 0])
    }
  })
})

describe('a stream made to hurt', () => {
  it('of one endless event is passed on instead of kept', () => {
    const reader = new SseReader(true, 'chat/completions')
    const piece = Buffer.alloc(64 * 1024, 'x')
    let passed = 0
    for (let index = 0; index < 100; index++) passed += reader.push(piece).length
    expect(passed).toBeGreaterThan(5 * 1024 * 1024)
  })

  it('in single bytes costs linear time', () => {
    const reader = new SseReader(true, 'chat/completions')
    const startedAt = performance.now()
    for (let index = 0; index < 500_000; index++) reader.push(Buffer.of(120))
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})

it.each([
  ['as an object', '{"error":{"message":"overloaded"}}', true],
  ['in words', '{"error":"overloaded","error_type":"generation"}', true],
  ['as Anthropic does', '{"type":"error","error":{"type":"overloaded_error"}}', true],
  ['of /responses', '{"type":"response.failed","response":{"error":{"code":"server_error"}}}', true],
  ['that is none', '{"type":"response.completed","error":null,"response":{"error":null}}', false],
  ['in what is said', '{"choices":[{"delta":{"content":"an \\"error\\": {"}}],"error":""}', false],
])('notices an error event %s in the middle of a stream', (_how, data, failed) => {
  expect(pass(false, [Buffer.from(`${chunk('x')}data: ${data}\n\n`)]).reader.failed).toBe(failed)
})
