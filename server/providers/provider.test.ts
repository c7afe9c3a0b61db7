import { expect, it } from 'vitest'
import { newProviderSchema } from './provider.ts'

const baseUrlOf = (text: string) => newProviderSchema.safeParse({ name: 'OpenAI', baseUrl: text }).data?.baseUrl

it.each([
  ['https://example.com/v1/', 'https://example.com/v1'],
  [' HTTPS://Example.com:443 ', 'https://example.com'],
  ['https://example.com/@team', 'https://example.com/@team'],
])('%s is the base URL %s', (text, url) => {
  expect(baseUrlOf(text)).toBe(url)
})

it.each(['https://user:password@example.com', 'https://user@example.com/v1', 'https://@example.com'])(
  '%s is none: a credential has a place of its own',
  (text) => {
    expect(baseUrlOf(text)).toBeUndefined()
  },
)
