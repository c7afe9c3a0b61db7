import { describe, expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { createRule } from '../rules/rules.service.ts'
import { testWorld } from '../test/world.ts'
import { tryRule } from './try-rule.service.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const [ada, grace] = [await world.person(), await world.person()]
const provider = await world.provider()
const { row: adaKey } = await createApiKey(ada, { name: 'Ada’s', providerId: provider.id })
const { row: adaNarrow } = await createApiKey(ada, { name: 'Narrow', providerId: provider.id, models: ['gpt-*'] })
const { row: graceKey } = await createApiKey(grace, { name: 'Grace’s', providerId: provider.id })
const forAda = await createRule(administrator, {
  name: 'Ada may',
  effect: 'ALLOW',
  modelPattern: '.*',
  userId: ada.viewer.id,
})

type Key = { readonly id: string; readonly ownerId: string }
const hourOf = (daysAgo: number) => new Date(world.clock.now().getTime() - daysAgo * 86_400_000)
const used = (key: Key, model: string, requests: number, daysAgo = 1, code = '') =>
  world.db.pool.query(
    `INSERT INTO usage_rollups (hour, key_id, owner_id, provider_id, model, status, code, requests, input_tokens,
      output_tokens, cached_tokens, cost_micros, latency_ms)
    VALUES (date_trunc('hour', $1::timestamptz), $2, $3, $4, $5, 200, $6, $7, 0, 0, 0, 0, 0)`,
    [hourOf(daysAgo), key.id, key.ownerId, provider.id, model, code, requests],
  )

await used(adaKey, 'gpt-4', 10)
await used(adaKey, 'gpt-4', 4, 20)
await used(adaKey, 'o1', 3)
await used(adaNarrow, 'gpt-4', 2)
await used(adaNarrow, 'o1', 100)
await used(adaKey, 'gpt-4', 1_000, 1, 'model_not_available')
await used(graceKey, 'gpt-4', 7, 1, 'permission_denied')
await used(graceKey, 'gpt-4', 500, 40)

const none = { requests: 0, keys: 0, users: 0 }

describe('a rule on trial', () => {
  test('that denies tells what it would have refused, with examples, and stores nothing', async () => {
    const before = await world.db.prisma.rule.count()
    const trial = await tryRule(administrator, { effect: 'DENY', modelPattern: 'gpt-4' })
    expect(trial).toMatchObject({
      requests: 22,
      newlyRefused: { requests: 12, keys: 2, users: 1 },
      newlyAllowed: none,
      examples: [
        { keyId: adaKey.id, model: 'gpt-4', requests: 10, allowed: false },
        { keyId: adaNarrow.id, model: 'gpt-4', requests: 2, allowed: false },
      ],
    })
    expect(await world.db.prisma.rule.count()).toBe(before)
    const longer = await tryRule(administrator, { effect: 'DENY', modelPattern: 'gpt-4', days: 30 })
    expect(longer.newlyRefused.requests).toBe(16)
  })

  test('that allows tells what it would have let pass', async () => {
    const trial = await tryRule(administrator, { effect: 'ALLOW', modelPattern: '.*', role: 'USER' })
    expect([trial.newlyRefused, trial.newlyAllowed]).toEqual([none, { requests: 7, keys: 1, users: 1 }])
    expect(trial.examples).toMatchObject([{ keyId: graceKey.id, allowed: true }])
  })

  test('in the place of a stored one tells what the change would have done', async () => {
    const terms = { ruleId: forAda.id, effect: 'ALLOW', userId: ada.viewer.id } as const
    const narrowed = await tryRule(administrator, { ...terms, modelPattern: 'gpt-.*' })
    expect(narrowed.newlyRefused).toEqual({ requests: 3, keys: 1, users: 1 })
    const off = await tryRule(administrator, { ...terms, modelPattern: '.*', enabled: false })
    expect(off.newlyRefused).toEqual({ requests: 15, keys: 2, users: 1 })
  })

  test('is looked at as closely as one that is stored', async () => {
    const bad = [
      { effect: 'DENY' as const, modelPattern: '(' },
      { effect: 'DENY' as const, modelPattern: '.*', days: 31 },
      { effect: 'DENY' as const, modelPattern: '.*', days: 0 },
      { effect: 'DENY' as const, modelPattern: '.*', userId: ada.viewer.id, role: 'USER' as const },
    ]
    for (const input of bad) await expect(tryRule(administrator, input)).rejects.toThrow(InvalidInput)
    const nowhere = '01900000-0000-7000-8000-000000000000'
    for (const member of ['ruleId', 'userId', 'groupId', 'providerId']) {
      const input = { effect: 'DENY' as const, modelPattern: '.*', [member]: nowhere }
      await expect(tryRule(administrator, input)).rejects.toThrow(NotFound)
    }
  })
})

test('a million requests are tried by their sums, each combination once', async () => {
  // 200 keys, 10 models, every fourth hour of 30 days: 360,000 rows that stand for 1,080,000 requests.
  await world.db.pool.query(
    `INSERT INTO usage_rollups (hour, key_id, owner_id, provider_id, model, status, code, requests, input_tokens,
      output_tokens, cached_tokens, cost_micros, latency_ms)
    SELECT date_trunc('hour', $1::timestamptz) - hour * interval '4 hours', md5('key' || key)::uuid, $2, $3,
      'model-' || model, 200, '', 3, 0, 0, 0, 0, 0
    FROM generate_series(1, 180) hour, generate_series(1, 200) key, generate_series(1, 10) model`,
    [world.clock.now(), ada.viewer.id, provider.id],
  )
  const startedAt = performance.now()
  const trial = await tryRule(administrator, { effect: 'DENY', modelPattern: 'model-[1-5]', days: 30 })
  const tookMs = performance.now() - startedAt
  expect(trial.newlyRefused).toEqual({ requests: 540_000, keys: 200, users: 1 })
  expect(trial.examples).toHaveLength(10)
  expect(tookMs).toBeLessThan(5_000)
})
