import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { testWorld } from '../test/world.ts'
import { createMeterEntry } from '../usage/meter-entries.ts'
import { anEntry, anIntent } from '../usage/test/entries.ts'
import { createAccessToken } from '../users/access-tokens.service.ts'
import { metricsRoute } from './metrics-route.ts'

const world = await testWorld()
const { parts } = world
const server = createServer(metricsRoute(parts, () => parts.metrics.read())).listen(0, '127.0.0.1')
await once(server, 'listening')
afterAll(() => server.close())
const address = server.address()
const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/metrics`

async function scrape(role: 'ADMINISTRATOR' | 'AUDITOR', method = 'GET') {
  const { secret } = await createAccessToken(await world.person(role), { name: 'Scraper', scopes: ['READ'] })
  const answer = await fetch(url, { method, headers: { authorization: `Bearer ${secret}` } })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}

test('metrics are for the access token of an administrator', async () => {
  expect([(await fetch(url)).status, (await scrape('AUDITOR')).status]).toEqual([401, 401])
  expect((await scrape('ADMINISTRATOR')).text).toContain('nodejs_eventloop_delay_p99')
})

test('HEAD gets what GET gets, without the body', async () => {
  const type = 'text/plain; version=0.0.4; charset=utf-8'
  expect(await scrape('ADMINISTRATOR', 'HEAD')).toEqual({ status: 200, type, text: '' })
})

test('a stored entry is counted under the GenAI names, without keys, people or prompts', async () => {
  const entry = { ...anEntry(anIntent(parts.random.uuidv7())), status: 200, inputTokens: 7, modelAnswered: 'gpt-4o' }
  createMeterEntry(parts.metrics)(entry)
  const { text } = await scrape('ADMINISTRATOR')
  expect(text).toMatch(/gen_ai_client_token_usage_sum\{[^}]*gen_ai_token_type="input"[^}]*\} 7/)
  expect(text).toMatch(/gen_ai_server_request_duration[a-z_]*_count\{/)
  for (const secret of [entry.keyId, entry.ownerId, entry.id]) expect(text).not.toContain(secret)
})
