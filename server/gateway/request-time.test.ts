import { connect } from 'node:net'
import { beforeEach, describe, expect, it } from 'vitest'
import { plainAnswer, sendJson } from './test/provider.ts'
import { until } from './test/raw.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld()
const WAIT_MS = 300
const body = JSON.stringify({ model: 'gpt-4', messages: [] })
const headers = { authorization: `Bearer ${world.key.text}`, 'content-type': 'application/json' }
const post = (key = world.key.text) =>
  fetch(world.url, { method: 'POST', headers: { ...headers, authorization: `Bearer ${key}` }, body })
const ownMs = (res: Response) => Number(res.headers.get('x-aic-overhead-us')) / 1000
const pause = () => new Promise((resolve) => setTimeout(resolve, WAIT_MS))

/** What the last entry counts as not ours (ms). */
async function waitedMs() {
  const { latencyMs = 0, overheadUs = 0 } = (await world.entries()).at(-1) ?? {}
  expect(overheadUs).toBeGreaterThan(0)
  return latencyMs - overheadUs / 1000
}

beforeEach(() => {
  world.provider.answer = (_req, res) => sendJson(res, 200, plainAnswer)
})

describe("a request's own time of the gateway", () => {
  it('is said with the list of models, which asks nobody', async () => {
    expect(ownMs(await fetch(`${world.url}/models`, { headers }))).toBeGreaterThan(0)
  })

  it('does not hold the wait for a body, whether the answer is good or a refusal', async () => {
    for (const text of [body, '{"model":']) {
      const socket = connect(world.port, '127.0.0.1')
      const head = `POST /work HTTP/1.1\r\nhost: x\r\nauthorization: ${headers.authorization}\r\ncontent-type: application/json\r\n`
      socket.write(`${head}content-length: ${text.length}\r\n\r\n${text.slice(0, 5)}`)
      await pause()
      socket.write(text.slice(5))
      await new Promise((resolve) => socket.once('data', resolve))
      socket.destroy()
      expect(await waitedMs()).toBeGreaterThan(WAIT_MS * 0.8)
    }
  })

  it('does not hold the wait for a provider that fails', async () => {
    world.provider.answer = (_req, res) => void pause().then(() => res.destroy())
    const before = performance.now()
    const res = await post()
    expect(res.status).toBe(502)
    expect(performance.now() - before - ownMs(res)).toBeGreaterThan(WAIT_MS * 0.8)
    expect(await waitedMs()).toBeGreaterThan(WAIT_MS * 0.8)
  })

  it('does not hold the wait for a place at a busy provider', async () => {
    const { text } = await world.mintKey({ providerId: await world.addProvider({ maxConcurrency: 1 }) })
    const held: (() => void)[] = []
    world.provider.answer = (_req, res) => held.push(() => sendJson(res, 200, plainAnswer))
    const first = post(text)
    await until(() => held.length === 1)
    const second = post(text)
    await until(() => world.gateway.running() === 2)
    await pause()
    world.provider.answer = (_req, res) => sendJson(res, 200, plainAnswer)
    held[0]?.()
    await first
    expect((await second).status).toBe(200)
    expect(await waitedMs()).toBeGreaterThan(WAIT_MS * 0.8)
  })
})
