import { expect, test } from 'vitest'
import { createRandom } from './random.ts'

test('an id is a version 7 UUID that holds the time and sorts by it', () => {
  let now = 1_700_000_000_000
  const random = createRandom({ now: () => new Date(now) })
  const first = random.uuidv7()
  now += 1
  const second = random.uuidv7()
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(Number.parseInt(first.replaceAll('-', '').slice(0, 12), 16)).toBe(1_700_000_000_000)
  expect(first < second).toBe(true)
})
