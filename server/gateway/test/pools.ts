import { afterAll, beforeEach } from 'vitest'
import { type Provider, plainAnswer, sendJson, startProvider } from './provider.ts'
import type { TestMember, World } from './world.ts'

type Set = Parameters<World['addProvider']>[0]

export const says = (status: number, value: object = { error: { message: `${status}` } }) =>
  ((_req, res) => sendJson(res, status, value)) satisfies Provider['answer']

/** Two providers, and pools in which they are asked one after the other. Call it once per test file, at the top. */
export async function startPools(world: World) {
  const [first, second] = [await startProvider(), await startProvider()]
  afterAll(() => {
    for (const { server } of [first, second]) {
      server.closeAllConnections()
      server.close()
    }
  })
  beforeEach(() => {
    for (const provider of [first, second]) {
      provider.received.length = 0
      provider.answer = says(200, plainAnswer)
    }
  })
  return {
    first,
    second,
    async pair(set: { one?: Set; two?: Set; pool?: Set; members?: readonly Partial<TestMember>[] } = {}) {
      const one = await world.addProvider({ baseUrl: first.url, ...set.one })
      const two = await world.addProvider({ baseUrl: second.url, ...set.two })
      const members = [one, two].map((providerId, at) => ({ ...set.members?.[at], providerId }))
      const pool = await world.addPool(members, set.pool)
      return { one, two, pool, key: (await world.mintKey({ providerId: pool })).text }
    },
  }
}

export const chat = (more: object = {}) => JSON.stringify({ model: 'gpt-4', messages: [], ...more })
