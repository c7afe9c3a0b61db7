import { once } from 'node:events'
import { afterAll, expect, test } from 'vitest'
import { createLog } from './lib/log.ts'
import { createMetrics } from './lib/metrics.ts'
import { systemRandom } from './lib/random.ts'
import { createScrapes } from './scrapes.ts'

const parts = { metrics: createMetrics(), random: systemRandom, log: createLog('silent') }
const server = createScrapes(parts).listen(0, '127.0.0.1')
await once(server, 'listening')
afterAll(() => server.close())
const address = server.address()
const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`

async function ask(path: string, method = 'GET') {
  const answer = await fetch(url + path, { method })
  return { status: answer.status, allow: answer.headers.get('allow'), text: await answer.text() }
}

test('its own port answers scrapers without a token, whatever parameters they send', async () => {
  for (const path of ['/metrics', '/metrics?name=x']) {
    const { status, text } = await ask(path)
    expect([status, text.includes('process_memory_usage')]).toEqual([200, true])
  }
  expect(await ask('/metrics', 'HEAD')).toEqual({ status: 200, allow: null, text: '' })
})

test('its own port has nothing else', async () => {
  expect(await ask('/metrics', 'POST')).toMatchObject({ status: 405, allow: 'GET, HEAD' })
  for (const path of ['/', '/metrics/', '/graphql', '/work']) expect((await ask(path)).status).toBe(404)
})
