import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorld, type World } from './product.ts'
import { type Stopped, stopReading } from './streams/stopped-reader.ts'

let world: World
let stopped: Stopped

beforeAll(async () => {
  world = await openWorld()
  // What the first stream of a process costs once is not the reader's fault.
  const warm = { model: 'fake-gpt', stream: true, messages: [], metadata: { fake: 'chunks=200 size=8192' } }
  await world.key.post(warm).then((response) => response.text())
  stopped = await stopReading(world, 3000)
})
afterAll(() => world.close())

test('a stream of 50 MB to a reader who stopped costs no memory', () => {
  expect(stopped.grownMb).toBeLessThan(20)
})

test('the provider waits for the reader instead of being emptied', () => {
  expect(stopped.sentMb).toBeLessThan(20)
})

test('and the reader who reads on gets all of it', () => {
  expect(stopped.whole).toBe(true)
  expect(stopped.readMb).toBeGreaterThan(stopped.totalMb)
})
