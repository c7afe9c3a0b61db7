import { expect, test } from 'vitest'
import { providerSchema, toInput, toState } from './providerForm.ts'

const blank = { ...toState(null), name: 'OpenAI', baseUrl: 'https://api.openai.com/v1' }

test('an empty credential is left out, so that the stored one stays', () => {
  expect(toInput(blank)).not.toHaveProperty('credential')
  expect(toInput({ ...blank, credential: 'sk-1' }).credential).toBe('sk-1')
})

test('seconds of the form are milliseconds of the API', () => {
  expect(toInput({ ...blank, connectSeconds: 2.5 }).connectTimeoutMs).toBe(2500)
})

test('an empty bound is none', () => {
  expect(toInput(blank).maxConcurrency).toBeNull()
  expect(toInput({ ...blank, maxConcurrency: '64' }).maxConcurrency).toBe(64)
})

test('a model named twice is one', () => {
  expect(toInput({ ...blank, enabledModels: ['gpt-4o', ' gpt-4o ', 'o4-*'] }).enabledModels).toEqual(['gpt-4o', 'o4-*'])
})

test.each([
  ['javascript:alert(1)', false],
  ['ftp://files.example', false],
  ['api.openai.com', false],
  ['https://api.openai.com/v1', true],
])('a base URL of %s passes: %s', (baseUrl, isGood) => {
  expect(providerSchema.safeParse({ ...blank, baseUrl }).success).toBe(isGood)
})

test('Azure needs an API version, and nothing else keeps one', () => {
  const azure = { ...blank, wireFormat: 'AZURE' as const }
  expect(providerSchema.safeParse(azure).success).toBe(false)
  expect(providerSchema.safeParse({ ...azure, apiVersion: '2024-10-21' }).success).toBe(true)
  expect(toInput({ ...azure, apiVersion: '2024-10-21' }).apiVersion).toBe('2024-10-21')
  expect(toInput({ ...blank, apiVersion: '2024-10-21' }).apiVersion).toBeNull()
})

test('a named header needs its name', () => {
  expect(providerSchema.safeParse({ ...blank, authType: 'HEADER' }).success).toBe(false)
  expect(providerSchema.safeParse({ ...blank, authType: 'HEADER', authHeader: 'x-token' }).success).toBe(true)
})
