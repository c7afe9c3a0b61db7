import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { deleteApiKey } from '../keys/keys.service.ts'
import { createLog } from '../lib/log.ts'
import { testWorld } from '../test/world.ts'
import { anEntry, anIntent } from '../usage/test/entries.ts'
import { insertEntries } from '../usage/usage.store.ts'
import { createAccessToken } from '../users/access-tokens.service.ts'
import { exportRoutes } from './export-route.ts'

const world = await testWorld()
const provider = await world.provider()
const [ann, bob] = [await world.person(), await world.person()]
const auditor = await world.person('AUDITOR')
const logged: unknown[] = []
const log = Object.assign(createLog('silent'), { error: (facts: unknown) => void logged.push(facts) })
const routes = new Map(exportRoutes({ ...world.parts, log }))
const server = createServer((req, res) => routes.get(req.url?.split('?')[0] ?? '')?.(req, res))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterAll(() => server.close())
const { port }: AddressInfo = Object(server.address())

const tokenOf = async (person: typeof ann) =>
  (await createAccessToken(person, { name: 'Export', scopes: ['READ'] })).secret
const [annToken, auditorToken] = [await tokenOf(ann), await tokenOf(auditor)]
const { secret } = await createApiKey(ann, { name: '=1+1', providerId: provider.id, purpose: 'Search, and "more"' })
await createApiKey(bob, { name: 'Key of Bob', providerId: provider.id })

async function get(path: string, token: string | null = auditorToken, init: RequestInit = {}) {
  const headers = new Headers(token === null ? {} : { authorization: `Bearer ${token}` })
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}

test('the register is a CSV file in which no name is a formula', async () => {
  const { status, type, text } = await get('/export/keys')
  expect([status, type]).toEqual([200, 'text/csv; charset=utf-8'])
  const [head, ...lines] = text.trimEnd().split('\r\n')
  expect(head).toMatch(/^id,name,prefix,type,purpose,/)
  expect(lines).toHaveLength(2)
  expect(text).toContain(`,'=1+1,aic_`)
  expect(text).toContain('"Search, and ""more"""')
  expect(text).not.toContain(secret?.slice(16, 48))
})

test('a user gets own keys only, whatever is asked for', async () => {
  const namesOf = async (query: string) => {
    const rows: { name: string }[] = JSON.parse((await get(`/export/keys?format=json${query}`, annToken)).text)
    return rows.map(({ name }) => name)
  }
  expect([await namesOf(''), await namesOf(`&ownerId=${bob.viewer.id}`)]).toEqual([['=1+1'], []])
})

test('filters narrow, and a bad id is an empty file', async () => {
  const count = async (query: string) => JSON.parse((await get(`/export/keys?format=json&${query}`)).text).length
  expect([await count(`ownerId=${bob.viewer.id}`), await count('type=Production'), await count('ownerId=x')]).toEqual([
    1, 0, 0,
  ])
})

test('the audit log is JSON Lines with its chain, for readers only', async () => {
  const { text } = await get('/export/audit?format=jsonl')
  const entries: { seq: string; previousHash: string; hash: string }[] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(entries.length).toBeGreaterThan(3)
  for (const [index, entry] of entries.slice(1).entries()) expect(entry.previousHash).toBe(entries[index]?.hash)
  expect((await get('/export/audit', annToken)).status).toBe(404)
  expect((await get('/export/audit?action=createApiKey')).text.trimEnd().split('\r\n')).toHaveLength(3)
})

test('nobody gets nothing, and other methods are refused', async () => {
  for (const path of routes.keys()) {
    expect((await get(path, null)).status).toBe(401)
    expect((await get(path, auditorToken, { method: 'POST' })).status).toBe(405)
  }
  expect((await get('/export/review?id=1')).status).toBe(404)
})

test('HEAD gets what GET gets, without the file', async () => {
  const csv = 'text/csv; charset=utf-8'
  for (const path of ['/export/keys', '/export/audit', '/export/usage']) {
    expect(await get(path, auditorToken, { method: 'HEAD' })).toEqual({ status: 200, type: csv, text: '' })
  }
})

test('the file holds what the list shows under the same filter', async () => {
  const { row } = await createApiKey(bob, { name: 'Gone', providerId: provider.id })
  await deleteApiKey(bob, row.id)
  const count = async (query: string) => JSON.parse((await get(`/export/keys?format=json&${query}`)).text).length
  const queries = ['', 'search=of bob', 'status=ACTIVE,PENDING', 'status=EXPIRED', 'status=X', 'deleted=true']
  expect(await Promise.all(queries.map(count))).toEqual([2, 1, 2, 0, 0, 1])
})

test('ten thousand keys stream without holding up anybody', async () => {
  await world.manyKeys(10_000, { owner: bob, providerId: provider.id })
  const { text } = await get('/export/keys')
  expect(text.trimEnd().split('\r\n')).toHaveLength(10_003)
})

test('a file that cannot be read to its end is cut off, and the log says why', async () => {
  await world.db.pool.query('ALTER TABLE audit_entries RENAME TO elsewhere')
  await expect(get('/export/audit')).rejects.toThrow()
  await world.db.pool.query('ALTER TABLE elsewhere RENAME TO audit_entries')
  expect(logged).toMatchObject([{ err: { message: expect.stringContaining('audit_entries') } }])
})

describe('the log of requests', () => {
  const [own, other] = [crypto.randomUUID(), crypto.randomUUID()]
  const member = crypto.randomUUID()
  const at = Date.parse('2026-11-22T10:00:00Z')

  beforeAll(async () => {
    const common = { providerId: provider.id, modelAsked: '=2+3' }
    const numbers = Array.from({ length: 250 }, (_, number) => number)
    const { row: key } = await createApiKey(ann, { name: '@SUM', providerId: provider.id })
    await insertEntries(world.db.pool, [
      ...numbers.map((number) => {
        const id = world.parts.random.uuidv7()
        const of = { ...anIntent(id, at + Math.floor(number / 2)), ...common, keyId: key.id, ownerId: ann.viewer.id }
        return { ...anEntry(of), costMicros: 1_234, ...(number === 7 && { status: 502, code: 'upstream_unreachable' }) }
      }),
      anEntry({ ...anIntent(own, at - 1_000), ...common, ownerId: ann.viewer.id, answeredById: member }),
      anEntry({ ...anIntent(other, at - 2_000), ...common, ownerId: bob.viewer.id }),
    ])
  })

  type Row = {
    readonly id: string
    readonly startedAt: string
    readonly key: string | null
    readonly costMicros: string
  }
  const rowsOf = async (query: string, token = annToken): Promise<readonly Row[]> =>
    JSON.parse((await get(`/export/usage?format=json&${query}`, token)).text)

  test('has every request once, the newest first, and of users their own only', async () => {
    const rows = await rowsOf('')
    expect(new Set(rows.map(({ id }) => id)).size).toBe(251)
    expect(rows.map(({ startedAt }) => startedAt)).toEqual(
      rows
        .map(({ startedAt }) => startedAt)
        .toSorted()
        .toReversed(),
    )
    expect(rows.map(({ id }) => id)).not.toContain(other)
    expect(rows[0]).toMatchObject({
      key: '@SUM',
      owner: ann.viewer.username,
      costMicros: '1234',
      provider: provider.name,
    })
    expect((await rowsOf('', auditorToken)).length).toBe(252)
    expect(await rowsOf(`ownerId=${bob.viewer.id}`)).toEqual([])
  })

  test.each([
    ['answeredById', `answeredById=${member}`, 1],
    ['an end of time', `to=${new Date(at).toISOString()}`, 1],
    ['no time that cannot be', 'from=-000001-01-01T00:00:00Z&to=0000-01-01T00:00:00Z', 251],
    ['a status', 'status=502,429', 1],
    ['a code', 'code=upstream_unreachable', 1],
    ['errors', 'errorsOnly=true', 1],
    ['an end', 'end=REFUSED', 0],
    ['a status that is none', 'status=x', 0],
    ['an id that is none', 'keyId=x', 0],
    ['an end that is none', 'end=x', 0],
  ])('is narrowed by %s as the list is', async (_what, query, count) => {
    expect((await rowsOf(query)).length).toBe(count)
  })

  test('is a CSV file in which nothing is a formula, or JSON Lines', async () => {
    const [head, first] = (await get('/export/usage', annToken)).text.split('\r\n')
    expect(head).toMatch(/^id,startedAt,key,/)
    expect(first).toContain(",'@SUM,")
    expect(first).toContain(",'=2+3,")
    const { text, type } = await get('/export/usage?format=jsonl', annToken)
    expect([type, text.trimEnd().split('\n').length]).toEqual(['application/x-ndjson; charset=utf-8', 251])
  })
})
