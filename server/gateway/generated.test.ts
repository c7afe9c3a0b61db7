import { describe, expect, it } from 'vitest'
import { Generated, tokensIn } from './generated.ts'
import type { Endpoint } from './route.ts'

const count = (endpoint: Endpoint, ...events: readonly object[]) => {
  const generated = new Generated(endpoint)
  for (const event of events) generated.count(Buffer.from(`data: ${JSON.stringify(event)}\n\n`).toString('latin1'))
  return generated.tokens
}
const chat = (delta: object) => ({ choices: [{ index: 0, delta }], usage: null })

describe('what was generated is counted', () => {
  it('at a token for four bytes of text, and at least one for each event with words', () => {
    expect(count('chat/completions', chat({ content: 'a' }), chat({ content: 'twelve bytes' }))).toBe(1 + 3)
  })

  it('not for events without words', () => {
    const events = [
      chat({ role: 'assistant', content: '' }),
      chat({ content: null }),
      chat({}),
      { logprobs: { content: [] } },
    ]
    expect(count('chat/completions', ...events)).toBe(0)
  })

  it('in thoughts, tool calls and several answers in one event', () => {
    const call = chat({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '{"a":1}' } }] })
    expect(count('chat/completions', chat({ reasoning_content: 'why?' }), call)).toBe(1 + 3)
    const both = { choices: [{ delta: { content: 'four' } }, { delta: { content: 'four' } }] }
    expect(count('chat/completions', both)).toBe(2)
  })

  it('by members only: a text that quotes one is a text', () => {
    expect(count('chat/completions', chat({ content: `"content":"${'x'.repeat(50)}"\\` }))).toBeLessThan(20)
  })

  it.each<[Endpoint, object, number]>([
    ['completions', { choices: [{ text: 'words', index: 0 }] }, 2],
    ['messages', { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hi' } }, 1],
    ['messages', { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{"a":' } }, 2],
    ['messages', { type: 'content_block_start', content_block: { type: 'text', text: '' } }, 0],
    ['responses', { type: 'response.output_text.delta', delta: 'Hello' }, 2],
    ['responses', { type: 'response.output_text.done', text: 'Hello' }, 0],
    ['embeddings', { data: [] }, 0],
  ])('in the words of %s', (endpoint, event, tokens) => {
    expect(count(endpoint, event)).toBe(tokens)
  })

  it('from the last word of the provider on', () => {
    const generated = new Generated('messages')
    const event = 'data: {"delta":{"type":"text_delta","text":"Hi"}}\n\n'
    generated.count(event)
    generated.said()
    generated.count(event)
    expect(generated.tokens).toBe(1)
  })

  it('in an event that was cut off, up to there', () => {
    const generated = new Generated('completions')
    generated.count('data: {"choices":[{"text":"12345678')
    expect(generated.tokens).toBe(2)
  })

  it('in plain answers by their words, or by their size where they are not kept', () => {
    const body = Buffer.from(
      JSON.stringify({ id: 'x', choices: [{ message: { role: 'assistant', content: 'Hello' } }] }),
    )
    expect(tokensIn('chat/completions', body, body.length)).toBe(2)
    expect(tokensIn('chat/completions', null, 400)).toBe(100)
    expect(tokensIn('embeddings', null, 400)).toBe(0)
  })
})
