import { expect, test } from 'vitest'
import { proposeVendor, readVendors } from './vendor.ts'

test('the vendors of a price list are those that its rows name', () => {
  const list = {
    sample_spec: {},
    a: { litellm_provider: 'groq' },
    b: { litellm_provider: 'groq' },
    c: { litellm_provider: 'xai' },
  }
  expect(readVendors(JSON.stringify(list))).toEqual(['groq', 'xai'])
  expect(['', 'null', '3', '{"a":null}', '{"a":{"litellm_provider":7}}'].flatMap(readVendors)).toEqual([])
})

test('the vendor that is proposed stands in the name of the provider, else its format tells', () => {
  const vendors = ['openai', 'azure', 'azure_ai', 'groq', 'together_ai']
  const propose = (name: string, wireFormat: 'OPENAI' | 'ANTHROPIC' | 'AZURE' = 'OPENAI') =>
    proposeVendor({ name, wireFormat }, vendors)
  expect([propose('Groq'), propose('Together AI EU'), propose('Azure AI'), propose('Our models')]).toEqual([
    'groq',
    'together_ai',
    'azure_ai',
    'openai',
  ])
  expect([propose('Claude', 'ANTHROPIC'), propose('Sweden', 'AZURE')]).toEqual(['anthropic', 'azure'])
})
