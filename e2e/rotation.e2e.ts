import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Key, Person } from './product/world.ts'
import { openWorld, type World } from './product.ts'

let world: World
let person: Person
let key: Key

beforeAll(async () => {
  world = await openWorld()
  person = await world.admin.user('rotator')
  key = await person.key(world.provider)
})
afterAll(() => world.close())

type Rotated = { readonly secret: string | null; readonly apiKey: { readonly id: string; readonly status: string } }
const selection = 'secret apiKey { id status }'
const rotate = (idempotencyKey: string) =>
  person.api.mutate<Rotated>('rotateApiKey', { id: key.id, overlap: 'ONE_HOUR', idempotencyKey }, selection)

async function ask(secret: string): Promise<number> {
  const body = JSON.stringify({ model: 'fake-gpt', messages: [{ role: 'user', content: 'a' }] })
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
  const response = await fetch(`${world.product.url}/work`, { method: 'POST', headers, body })
  await response.arrayBuffer()
  return response.status
}

type Seen = { readonly secret: string; readonly at: number; readonly status: number }

/** A request every 10 ms, in turn with each secret, until it is stopped. */
function hundredPerSecond(secrets: readonly string[]) {
  const running: Promise<void>[] = []
  const seen: Seen[] = []
  let number = 0
  const timer = setInterval(() => {
    const secret = secrets[number++ % secrets.length] ?? ''
    const at = performance.now()
    running.push(ask(secret).then((status) => void seen.push({ secret, at, status })))
  }, 10)
  return async () => {
    clearInterval(timer)
    await Promise.all(running)
    return seen
  }
}

test('at 100 requests a second nothing is refused during the overlap, and the old secret is dead at its end', async () => {
  const { secret, apiKey } = await rotate('first')
  expect([apiKey.id, apiKey.status]).toEqual([key.id, 'ROTATING'])
  const stop = hundredPerSecond([key.secret, secret ?? ''])
  await wait(3_000)
  await person.api.mutate('endOverlap', { id: key.id }, 'apiKey { id }')
  const endedAt = performance.now()
  await wait(1_000)
  const seen = await stop()
  const during = seen.filter(({ at }) => at < endedAt - 1_000)
  expect(during.length).toBeGreaterThan(100)
  expect(during.filter(({ status }) => status !== 200)).toEqual([])
  const newOnes = seen.filter((one) => one.secret === secret)
  expect(newOnes.filter(({ status }) => status !== 200)).toEqual([])
  const oldAfter = seen.filter((one) => one.secret === key.secret && one.at > endedAt)
  expect(oldAfter.length).toBeGreaterThan(10)
  expect(new Set(oldAfter.map(({ status }) => status))).toEqual(new Set([401]))
})

test('a rotation whose answer was lost and that is asked for again makes no second secret', async () => {
  const lost = await rotate('second')
  expect(lost.secret).not.toBeNull()
  const again = await rotate('second')
  expect([again.secret, again.apiKey.id]).toEqual([null, key.id])
  await expect(rotate('third')).rejects.toThrow('AlreadyRotating')
})
