import { describe, expect, it } from 'vitest'
import { chat, says, startPools } from './test/pools.ts'
import { plainAnswer } from './test/provider.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld()
const { first, second, pair } = await startPools(world)
const ask = (key: string, body = chat(), signal: AbortSignal | null = null) => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return fetch(world.url, { method: 'POST', headers, body, signal })
}
const codeOf = async (res: Response) => [res.status, JSON.parse(await res.text()).error?.code]
const lastEntry = async () => (await world.entries()).at(-1)

describe('the models of a pool', () => {
  const members = [{ models: [{ from: 'fast', to: 'gpt-4o-mini' }] }, { models: [{ from: 'fast', to: 'gpt-4' }] }]

  it('have the names that each member knows them by; the rest of the body and the answer are untouched', async () => {
    const { key } = await pair({ members })
    first.answer = says(503)
    const res = await ask(key, '{"temperature" : 1e0, "model":"fast",\n"messages":[ ]}')
    expect((await res.json()).model).toBe(plainAnswer.model)
    expect(first.received[0]?.body).toBe('{"temperature" : 1e0, "model":"gpt-4o-mini",\n"messages":[ ]}')
    expect(second.received[0]?.body).toBe('{"temperature" : 1e0, "model":"gpt-4",\n"messages":[ ]}')
    expect(await lastEntry()).toMatchObject({ modelAsked: 'fast', modelAnswered: plainAnswer.model })
  })

  it('are renamed in a form as well', async () => {
    const { key } = await pair({ members, pool: { enabledModels: ['fast'] } })
    const form = new FormData()
    form.set('model', 'fast')
    form.set('file', new Blob(['abc']), 'speech.wav')
    const headers = { authorization: `Bearer ${key}` }
    const res = await fetch(`${world.url}/audio/transcriptions`, { method: 'POST', headers, body: form })
    expect(res.status).toBe(200)
    expect(first.received[0]?.body).toMatch(/name="model"\r\n\r\ngpt-4o-mini\r\n/)
  })

  it('are those of its members, as far as the pool enables them', async () => {
    const { key } = await pair({ members, pool: { enabledModels: ['fast', 'gpt-4'] } })
    const list = await (await fetch(`${world.url}/models`, { headers: { authorization: `Bearer ${key}` } })).json()
    expect(list.data.map(({ id }: { id: string }) => id)).toEqual(['fast', 'gpt-4'])
    expect(await codeOf(await ask(key, chat({ model: 'gpt-4o' })))).toEqual([404, 'model_not_available'])
    expect(await codeOf(await ask(key, chat({ model: 'elsewhere' })))).toEqual([404, 'model_not_available'])
  })

  it('are asked only of members that enable them', async () => {
    const { key, two } = await pair({ one: { enabledModels: ['other'] } })
    expect((await ask(key)).status).toBe(200)
    expect(await lastEntry()).toMatchObject({ answeredById: two, attempts: 1 })
    expect(await codeOf(await ask(key, chat({ model: 'nobody-has-it' })))).toEqual([404, 'model_not_available'])
  })

  it.each([
    ['gpt-4', 200, undefined],
    ['nobody-has-it', 404, 'model_not_available'],
    ['gpt-4o%00', 400, 'invalid_parameter'],
    [`gpt-4o${'x'.repeat(300)}`, 400, 'invalid_parameter'],
  ])('say the same of %s whether it is looked up or asked', async (name, status, code) => {
    const { key } = await pair()
    const headers = { authorization: `Bearer ${key}` }
    expect(await codeOf(await fetch(`${world.url}/models/${name}`, { headers }))).toEqual([status, code])
    expect(await codeOf(await ask(key, chat({ model: decodeURIComponent(name) })))).toEqual([status, code])
  })
})

describe('a change of a pool', () => {
  const update = (id: string, data: object) =>
    world.change('Provider', id, (tx) =>
      tx.provider.update({ where: { id }, data: { ...data, version: { increment: 1 } } }),
    )

  it('holds for the next request: a disabled member is not asked', async () => {
    const { key, one } = await pair()
    await update(one, { enabled: false })
    expect((await ask(key)).status).toBe(200)
    expect([first.received.length, second.received.length]).toEqual([0, 1])
  })

  it('holds for the next request: a deleted member is not asked, and another order is followed', async () => {
    const { key, pool, one, two } = await pair()
    await update(pool, {
      members: {
        deleteMany: {},
        create: [
          { providerId: two, order: 1, weight: 1 },
          { providerId: one, order: 2, weight: 1 },
        ],
      },
    })
    await ask(key)
    expect([first.received.length, second.received.length]).toEqual([0, 1])
    await update(two, { deletedAt: new Date() })
    await ask(key)
    expect([first.received.length, second.received.length]).toEqual([1, 1])
  })

  it('a disabled pool has disabled keys', async () => {
    const { key, pool } = await pair()
    await update(pool, { enabled: false })
    expect(await codeOf(await ask(key))).toEqual([401, 'key_disabled'])
  })
})
