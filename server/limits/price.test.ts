import { describe, expect, test } from 'vitest'
import { costOf, type Price, worstCost } from './price.ts'
import { PriceIndex } from './price-index.ts'
import { readPriceList } from './price-list.ts'

const rates = { inputMicros: 150_000n, outputMicros: 600_000n, cachedMicros: 75_000n }

describe('the cost of tokens', () => {
  test.each([
    [{ input: 1_000_000, output: 1_000_000, cached: 0 }, 750_000],
    [{ input: 1_000_000, output: 0, cached: 400_000 }, 120_000],
    // 0.45 + 0.6 = 1.05 and 3.3333 × 0.15 = 0.5: a half is rounded up.
    [{ input: 3, output: 1, cached: null }, 1],
    [{ input: null, output: 5, cached: null }, 3],
    [{ input: 0, output: 0, cached: null }, 0],
    [{ input: null, output: null, cached: null }, null],
  ])('%o costs %o', (tokens, cost) => {
    expect(costOf(rates, tokens)).toBe(cost)
  })

  test('is never more than the worst that was reserved', () => {
    expect(worstCost(rates, 3, 1)).toBe(2)
    expect(worstCost({ ...rates, cachedMicros: 1_000_000n }, 3, 0)).toBe(3)
  })
})

const price = (modelPattern: string, effectiveFrom: string): Price => ({
  ...rates,
  id: `${modelPattern} ${effectiveFrom}`,
  providerId: 'p',
  modelPattern,
  effectiveFrom: new Date(effectiveFrom),
  currency: 'USD',
})

test('the price in force is that of the name, else of the longest glob, the latest that has begun', () => {
  const index = new PriceIndex([
    price('*', '2026-01-01'),
    price('gpt-*', '2026-01-01'),
    price('gpt-5', '2026-06-01'),
    price('gpt-5', '2026-03-01'),
  ])
  const found = (model: string, at: string) => index.find('p', model, Date.parse(at))?.id
  expect(found('gpt-5', '2026-07-01')).toBe('gpt-5 2026-06-01')
  expect(found('gpt-5', '2026-04-01')).toBe('gpt-5 2026-03-01')
  expect(found('gpt-5', '2026-02-01')).toBe('gpt-* 2026-01-01')
  expect(found('gpt-4', '2026-02-01')).toBe('gpt-* 2026-01-01')
  expect(found('other', '2026-02-01')).toBe('* 2026-01-01')
  expect(found('other', '2025-02-01')).toBeUndefined()
  expect(index.find('q', 'gpt-5', Date.parse('2026-07-01'))).toBeNull()
})

describe('a public price list', () => {
  const list = {
    sample_spec: { litellm_provider: 'one of many', input_cost_per_token: 0 },
    'gpt-5-mini': {
      litellm_provider: 'openai',
      input_cost_per_token: 1.5e-7,
      output_cost_per_token: 6e-7,
      cache_read_input_token_cost: 7.5e-8,
    },
    'openai/gpt-x': { litellm_provider: 'openai', input_cost_per_token: 0.00003, output_cost_per_token: 0.00006 },
    'dall-e-3': { litellm_provider: 'openai', input_cost_per_pixel: 1e-8 },
    'gpt-x': { litellm_provider: 'openai', input_cost_per_token: 0.00003, output_cost_per_token: 0.00006 },
    'tts-1': { litellm_provider: 'openai', input_cost_per_character: 1e-8 },
    'gpt-free': { litellm_provider: 'openai', input_cost_per_token: 'free' },
    'gpt-*': { litellm_provider: 'openai', input_cost_per_token: 1e-6 },
    'azure/gpt-5': { litellm_provider: 'azure', input_cost_per_token: 1e-6 },
  }

  test('gives the prices per token of one vendor, exactly', () => {
    expect(readPriceList(JSON.stringify(list), 'openai').listed).toEqual([
      { modelPattern: 'gpt-5-mini', inputMicros: 150_000n, outputMicros: 600_000n, cachedMicros: 75_000n },
      { modelPattern: 'gpt-x', inputMicros: 30_000_000n, outputMicros: 60_000_000n, cachedMicros: null },
    ])
    expect(readPriceList(JSON.stringify(list), 'azure').listed).toHaveLength(1)
  })

  test('says of each row that brings no price why it does not', () => {
    expect(Object.fromEntries(readPriceList(JSON.stringify(list), 'openai').leftOut)).toEqual({
      OTHER_VENDOR: 2,
      NOT_PER_TOKEN: 2,
      UNREADABLE: 1,
      NO_MODEL_NAME: 1,
      SAME_MODEL: 1,
    })
  })

  test.each(['', '[]', 'null', '{'])('refuses %o', (text) => {
    expect(() => readPriceList(text, 'openai')).toThrow('json')
  })
})
