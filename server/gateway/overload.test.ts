import { expect, it } from 'vitest'
import { block, occupy } from './test/busy.ts'
import { sendJson } from './test/provider.ts'
import { until } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld()
const ask = () => {
  const headers = { authorization: `Bearer ${world.key.text}`, 'content-type': 'application/json' }
  return fetch(world.url, { method: 'POST', headers, body: '{"model":"gpt-4","messages":[]}' })
}

it('one long task alone refuses nobody', async () => {
  world.provider.answer = (_req, res) => sendJson(res, 200, {})
  block(500)
  expect((await ask()).status).toBe(200)
})

it('while the process is behind with its work new requests are refused, before anything is done for them', async () => {
  const stop = occupy()
  try {
    let refused = await ask()
    for (let tries = 0; refused.status === 200 && tries < 30; tries++) refused = await ask()
    const before = world.provider.received.length
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await refused.json()).toMatchObject({ error: { type: 'server_error', code: 'overloaded' } })
    expect(world.provider.received.length).toBe(before)
  } finally {
    stop()
  }
  await until(async () => (await ask()).status === 200)
})
