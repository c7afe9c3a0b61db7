import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLoad } from './product/load.ts'
import type { Key } from './product/world.ts'
import { openWorld, type World } from './product.ts'

let world: World
let key: Key

beforeAll(async () => {
  world = await openWorld()
  key = await world.admin.key(world.provider)
})
afterAll(() => world.close())

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

// Never 0, which is everybody whom this test was started with.
const control = () => world.product.controlPid() ?? expect.unreachable('nothing answers people')

const name = () => world.admin.api.query<{ viewer: { username: string } }>('{ viewer { username } }')

test('what answers people is killed: no request notices, and people are answered again', async () => {
  const load = startLoad(key, 'control', 4)
  const first = control()
  await wait(300)
  process.kill(first, 'SIGKILL')
  await expect.poll(() => isAlive(first)).toBe(false)
  // Whoever asks meanwhile waits for the next one.
  expect((await name()).viewer.username).toBe('admin')
  expect(control()).not.toBe(first)
  const seen = await load.stop()
  expect(seen.length).toBeGreaterThan(10)
  expect(seen.filter(({ outcome }) => outcome !== 'answered')).toEqual([])
})

test('it ends with the process that started it, however that ends', async () => {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const first = control()
    await world.product.kill(signal)
    await expect.poll(() => isAlive(first), { timeout: 5_000 }).toBe(false)
    await world.product.start()
    expect((await name()).viewer.username).toBe('admin')
  }
})

test('the address of a caller is what the gateway saw, whatever the caller says', async () => {
  const address = 'x-aic-caller-address'
  const wrong = { username: 'nobody-at-all', password: 'wrong' }
  const document = `mutation($input: SignInInput!) { signIn(input: $input) { __typename } }`
  await fetch(`${world.product.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [address]: '203.0.113.7' },
    body: JSON.stringify({ query: document, variables: { input: wrong } }),
  })
  const { auditEntries } = await world.admin.api.query<{ auditEntries: { nodes: { address: string | null }[] } }>(
    '{ auditEntries(first: 50) { nodes { address } } }',
  )
  const addresses = new Set(auditEntries.nodes.map((entry) => entry.address))
  expect(addresses).toContain('127.0.0.1')
  expect(addresses).not.toContain('203.0.113.7')
})
