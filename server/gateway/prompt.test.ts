import { expect, test } from 'vitest'
import { readAsk } from './ask.ts'
import { Prompt } from './prompt.ts'
import type { Endpoint } from './route.ts'

const LONG = 'x'.repeat(300_000)

const estimate = (endpoint: Endpoint, members: object) =>
  new Prompt(readAsk(endpoint, Buffer.from(JSON.stringify({ model: 'm', ...members }))), endpoint).estimate()

test.each([
  ['chat/completions', { n: 3, max_tokens: 50 }, { output: 50, answers: 3 }],
  ['chat/completions', { n: 3 }, { output: null, answers: 3 }],
  ['chat/completions', { max_tokens: 5, max_completion_tokens: 70 }, { output: 70, answers: 1 }],
  ['completions', { n: 2, prompt: ['one', 'two', 'six'] }, { output: null, answers: 6 }],
  ['completions', { prompt: [[1, 2], [3]] }, { output: null, answers: 2 }],
  ['completions', { prompt: [1, 2, 3] }, { output: null, answers: 1 }],
  ['completions', { max_tokens: 9, prompt: ['one', LONG, 'six'] }, { output: 9, answers: 3 }],
  ['completions', { prompt: [[1, 2], [], [LONG]] }, { output: null, answers: 3 }],
  ['completions', { prompt: [1, 2, LONG] }, { output: null, answers: 1 }],
  ['completions', { prompt: [] }, { output: null, answers: 1 }],
  ['responses', { max_output_tokens: 9 }, { output: 9, answers: 1 }],
  ['responses', { max_output_tokens: 9, input: LONG }, { output: 9, answers: 1 }],
  ['embeddings', { input: 'word' }, { output: 0, answers: 1 }],
] as const)('the most that may be answered is read from the whole ask: %s, case %#', (endpoint, members, expected) => {
  expect(estimate(endpoint, members)).toMatchObject(expected)
})

const parameters = { type: 'object', properties: { place: { type: 'string', description: 'Where. '.repeat(50) } } }

test.each(['tools', 'functions', 'response_format'])('%s are part of the prompt, names and all', (name) => {
  const definition = [{ type: 'function', function: { name: 'weather', parameters } }]
  const messages = [{ role: 'user', content: '12345678' }]
  const { input } = estimate('chat/completions', { messages, [name]: definition })
  expect(input).toBe(Math.ceil(2 + JSON.stringify(definition).length / 4))
})
