import { afterEach, expect, test, vi } from 'vitest'
import { createAdmission } from './steps/admit.ts'
import { sendRaw, until } from './test/raw.ts'
import { startWorld } from './test/world.ts'

// Time is turned on in here: a loop that measured it would seem to come late to everything.
const inTime = { ms: 0, start: () => undefined, stop: () => undefined }
const world = await startWorld({}, createAdmission(inTime))
const now = performance.now.bind(performance)
afterEach(() => vi.restoreAllMocks())

test('a body that is not there after a minute is waited for no longer', async () => {
  const head = `POST /work HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.key.text}\r\ncontent-type: application/json`
  const answered = sendRaw(world.port, `${head}\r\ncontent-length: 99\r\n\r\n{`)
  await until(() => world.gateway.running() === 1)
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 50_000)
  // Every change makes the gateway look after everybody who is here.
  await world.mintKey()
  expect(world.gateway.running()).toBe(1)
  clock.mockImplementation(() => now() + 60_000)
  const { status, text, body } = await answered
  expect([status, JSON.parse(body).error.code]).toEqual([408, 'request_timeout'])
  expect(text).toMatch(/^connection: close\r$/im)
  expect(world.gateway.running()).toBe(0)
  vi.restoreAllMocks()
  expect(await world.entries()).toMatchObject([{ status: 408, code: 'request_timeout', end: 'REFUSED' }])
  expect(world.provider.received).toEqual([])
})
