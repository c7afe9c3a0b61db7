import { afterEach, describe, expect, it } from 'vitest'
import type { Endpoint } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'
import { EVERYTHING, startWorld, type TestKey } from './test/world.ts'

const world = await startWorld({ trustedProxies: ['127.0.0.1', '::1'] })
const { pool } = world.db

const chat = (model = 'gpt-4') => JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] })

const ask = (key: TestKey, model = 'gpt-4', path = '', headers: Record<string, string> = {}) =>
  fetch(world.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.text}`, 'content-type': 'application/json', ...headers },
    body: chat(model),
  })

async function refusal(res: Response) {
  const { error }: { error: Record<string, unknown> } = Object(await res.json())
  const id = res.headers.get('x-request-id')
  const entry = (await world.entries()).find((one) => one.id === id)
  expect(entry).toMatchObject({ end: 'REFUSED', status: res.status, code: error['code'] })
  return { status: res.status, error, cause: [entry?.refusedByType, entry?.refusedById] }
}

let made = 0
type NewRule = { effect?: 'ALLOW' | 'DENY'; pattern?: string; user?: string; group?: string; provider?: string }

async function addRule({ effect = 'ALLOW', pattern = '.*', user, group, provider }: NewRule) {
  const id = `00000000-0000-7000-9000-${String(++made).padStart(12, '0')}`
  const data = { id, name: `secret rule ${id}`, effect, modelPattern: pattern }
  const target = { userId: user ?? null, groupId: group ?? null, providerId: provider ?? null }
  await world.change('Rule', id, (tx) => tx.rule.create({ data: { ...data, ...target } }))
  return id
}

const next = { increment: 1 } as const
const switchRule = (id: string, enabled: boolean) =>
  world.change('Rule', id, (tx) => tx.rule.update({ where: { id }, data: { enabled, version: next } }))

type Restricted = { models?: string[]; addresses?: string[]; endpoints?: Endpoint[] }
const restrict = ({ id }: TestKey, data: Restricted) =>
  world.change('ApiKey', id, (tx) => tx.apiKey.update({ where: { id }, data: { ...data, version: next } }))

afterEach(async () => {
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM rules WHERE id <> $1 AND role IS NULL', [
    EVERYTHING,
  ])
  for (const { id } of rows) await world.change('Rule', id, (tx) => tx.rule.delete({ where: { id } }))
  await switchRule(EVERYTHING, true)
})

describe('a key whose owner no rule gives the model', () => {
  it('works as soon as the change has answered, for a user, a group or a role', async () => {
    await switchRule(EVERYTHING, false)
    const key = await world.mintKey()
    const rule = await addRule({ user: key.ownerId })
    expect((await ask(key)).status).toBe(200)
    await switchRule(rule, false)
    expect((await ask(key)).status).toBe(403)
    const group = '00000000-0000-7000-a000-000000000001'
    await pool.query("INSERT INTO groups (id, name) VALUES ($1, 'A group')", [group])
    await addRule({ group })
    expect((await ask(key)).status).toBe(403)
    const member = { groupId: group, userId: key.ownerId }
    const changeGroup = (work: (tx: Tx) => Promise<unknown>) =>
      world.change('Group', group, async (tx) => {
        await work(tx)
        await tx.group.update({ where: { id: group }, data: { version: next } })
      })
    await changeGroup((tx) => tx.groupMember.create({ data: member }))
    expect((await ask(key)).status).toBe(200)
    await changeGroup((tx) => tx.groupMember.delete({ where: { groupId_userId: member } }))
    expect((await ask(key)).status).toBe(403)
    await world.change(
      'User',
      key.ownerId,
      (tx) =>
        tx.$executeRaw`UPDATE users SET role = 'ADMINISTRATOR', version = version + 1 WHERE id = ${key.ownerId}::uuid`,
    )
    expect((await ask(key)).status).toBe(200)
  })
})

describe('a rule that denies', () => {
  it('wins over those that allow, names itself to nobody, and is in the log', async () => {
    const rule = await addRule({ effect: 'DENY', pattern: 'gpt-4o.*', provider: world.providerId })
    const denied = await refusal(await ask(world.key, 'gpt-4o-mini'))
    expect(denied.error['message']).toMatch(/^Denied by rule: A rule denies/)
    expect(JSON.stringify(denied.error)).not.toContain('secret rule')
    expect(denied.cause).toEqual(['RULE', rule])
    expect((await ask(world.key, 'gpt-4')).status).toBe(200)
  })
})

describe('a restricted key', () => {
  it('asks only for its models', async () => {
    const key = await world.mintKey()
    await restrict(key, { models: ['gpt-4o*'] })
    expect((await ask(key, 'gpt-4o-mini')).status).toBe(200)
    const { status, error, cause } = await refusal(await ask(key, 'gpt-4'))
    expect([status, error['message'], cause]).toEqual([
      403,
      'Denied by key restriction: this API key is not for this model.',
      ['KEY_RESTRICTION', key.id],
    ])
    const none = await refusal(await ask(key, 'o1'))
    expect([none.status, none.cause]).toEqual([404, ['PROVIDER_MODELS', world.providerId]])
  })

  it('works only on its endpoints', async () => {
    const key = await world.mintKey()
    await restrict(key, { endpoints: ['EMBEDDINGS'] })
    expect((await ask(key, 'gpt-4', '/embeddings')).status).toBe(200)
    const { status, error, cause } = await refusal(await ask(key))
    expect([status, error['message'], cause]).toEqual([
      403,
      'Denied by key restriction: this API key is not for this endpoint.',
      ['KEY_RESTRICTION', key.id],
    ])
  })

  it('works only from its addresses, as trusted proxies tell them', async () => {
    const key = await world.mintKey()
    await restrict(key, { addresses: ['203.0.113.0/24'] })
    const from = (address: string) => ask(key, 'gpt-4', '', { 'x-forwarded-for': address })
    expect((await from('203.0.113.9')).status).toBe(200)
    // What the caller wrote in front of what the proxy wrote counts for nothing.
    const { status, error, cause } = await refusal(await from('203.0.113.9, 198.51.100.1'))
    expect([status, error['message'], cause]).toEqual([
      403,
      'Denied by IP address: this API key does not work from this address.',
      ['ADDRESS', key.id],
    ])
    expect((await ask(key)).status).toBe(403)
  })

  it('is refused before its body is read', async () => {
    const key = await world.mintKey()
    await restrict(key, { addresses: ['203.0.113.0/24'] })
    const headers = { authorization: `Bearer ${key.text}`, 'content-type': 'application/json' }
    const res = await fetch(world.url, { method: 'POST', headers, body: '{ not json' })
    expect(res.status).toBe(403)
  })
})

describe('the model list', () => {
  it('names what provider, key and rules allow together', async () => {
    const key = await world.mintKey()
    const list = async () => {
      const res = await fetch(`${world.url}/models`, { headers: { authorization: `Bearer ${key.text}` } })
      const { data }: { data: { id: string }[] } = Object(await res.json())
      return data.map(({ id }) => id)
    }
    const one = (id: string) => fetch(`${world.url}/models/${id}`, { headers: { authorization: `Bearer ${key.text}` } })
    await world.change(
      'Provider',
      world.providerId,
      (tx) =>
        tx.$executeRaw`UPDATE providers SET discovered_models = ARRAY['gpt-4o', 'gpt-4o-mini', 'o1'], version = version + 1
        WHERE id = ${world.providerId}::uuid`,
    )
    expect(await list()).toEqual(['gpt-4', 'gpt-4o', 'gpt-4o-mini'])
    await restrict(key, { models: ['gpt-4o*'] })
    expect(await list()).toEqual(['gpt-4o', 'gpt-4o-mini'])
    await addRule({ effect: 'DENY', pattern: '.*-mini', user: key.ownerId })
    expect(await list()).toEqual(['gpt-4o'])
    expect(
      [await one('gpt-4o'), await one('gpt-4o-mini'), await one('gpt-4'), await one('o1')].map((r) => r.status),
    ).toEqual([200, 403, 403, 404])
    await switchRule(EVERYTHING, false)
    expect(await list()).toEqual([])
    await restrict(key, { endpoints: ['CHAT'] })
    expect((await one('gpt-4o')).status).toBe(403)
  })
})
