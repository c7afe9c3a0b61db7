import { expect, test } from 'vitest'
import { toSnippets } from './snippets.ts'

const secret = `aic_${'0'.repeat(50)}`
const snippets = toSnippets(secret, 'https://gateway.example', 'gpt-4o')

test('every snippet carries the secret and the address of the gateway', () => {
  expect(snippets.map((one) => one.label)).toEqual(['curl', 'Python', 'JavaScript', '.env'])
  for (const snippet of snippets) {
    expect(snippet.code).toContain(secret)
    expect(snippet.code).toContain('https://gateway.example/work')
  }
})

test('no snippet puts the secret into an address', () => {
  for (const snippet of snippets) expect(snippet.code).not.toMatch(new RegExp(`https?://[^\\s"']*${secret}`))
})

test('the programs ask for a model the key may use', () => {
  for (const snippet of snippets.slice(0, 3)) expect(snippet.code).toContain('gpt-4o')
})
