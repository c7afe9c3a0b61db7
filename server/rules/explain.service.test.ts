import { describe, expect, test } from 'vitest'
import { createApiKey } from '../keys/create-key.service.ts'
import { expireApiKey } from '../keys/keys.service.ts'
import { InvalidInput } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { createGroup } from '../users/groups.service.ts'
import type { AccessQuestion } from './access.ts'
import { explainAccess } from './explain.service.ts'
import { createRule } from './rules.service.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const auditor = await world.person('AUDITOR')
const [ada, grace] = [await world.person(), await world.person()]
const { id: providerId } = await world.db.prisma.provider.create({
  data: { name: 'Narrow', baseUrl: 'http://127.0.0.1:9/v1', authType: 'NONE', enabledModels: ['gpt-*'] },
})
const group = await createGroup(administrator, { name: 'Readers', memberIds: [ada.viewer.id] })
const allow = await createRule(administrator, {
  name: 'Readers may use GPT',
  effect: 'ALLOW',
  modelPattern: 'gpt-[45].*',
  groupId: group.id,
})
const deny = await createRule(administrator, { name: 'Not the old one', effect: 'DENY', modelPattern: 'gpt-4-0314' })
const { row: key } = await createApiKey(ada, { name: 'Ada’s key', providerId })
const { row: narrow } = await createApiKey(ada, {
  name: 'Narrow key',
  providerId,
  models: ['gpt-5*'],
  addresses: ['10.0.0.0/8'],
  endpoints: ['CHAT'],
})

async function refusal(question: AccessQuestion, act = administrator) {
  const explanation = await explainAccess(act, question)
  const first = explanation?.verdicts.find(({ allowed }) => !allowed)
  return first && [first.layer, first.id, first.name]
}

describe('an explanation', () => {
  test.each<[string, AccessQuestion, unknown]>([
    ['what a rule allows', { keyId: key.id, model: 'gpt-4' }, undefined],
    ['what a rule denies', { keyId: key.id, model: 'gpt-4-0314' }, ['RULE', deny.id, deny.name]],
    ['what no rule allows', { keyId: key.id, model: 'gpt-3' }, ['RULE', null, null]],
    ['what the provider does not enable', { keyId: key.id, model: 'o1' }, ['PROVIDER_MODELS', providerId, 'Narrow']],
    [
      'an endpoint the provider does not have',
      { keyId: key.id, model: 'gpt-4', endpoint: 'MESSAGES' },
      ['PROVIDER_MODELS', providerId, 'Narrow'],
    ],
    ['what the key is not for', { keyId: narrow.id, model: 'gpt-4' }, ['KEY_RESTRICTION', narrow.id, 'Narrow key']],
    [
      'where the key does not work',
      { keyId: narrow.id, model: 'gpt-5', address: '11.0.0.1' },
      ['ADDRESS', narrow.id, 'Narrow key'],
    ],
    ['where it works', { keyId: narrow.id, model: 'gpt-5', address: '10.2.3.4', endpoint: 'CHAT' }, undefined],
    [
      'an endpoint the key is not for',
      { keyId: narrow.id, model: 'gpt-5', endpoint: 'EMBEDDINGS' },
      ['KEY_RESTRICTION', narrow.id, 'Narrow key'],
    ],
    ['a person without a key', { userId: grace.viewer.id, providerId, model: 'gpt-4' }, ['RULE', null, null]],
    ['an administrator, by the rule of the installation', { providerId, model: 'gpt-3' }, undefined],
  ])('tells %s', async (_what, question, expected) => {
    expect(await refusal(question)).toEqual(expected)
    expect(await refusal(question, auditor).then((found) => found?.[0])).toBe(
      question.keyId || question.userId ? (Array.isArray(expected) ? expected[0] : undefined) : 'RULE',
    )
  })

  test('names the rule that allows, to whoever may see rules', async () => {
    const seen = await explainAccess(auditor, { keyId: key.id, model: 'gpt-4' })
    expect(seen?.verdicts.at(-1)).toMatchObject({ layer: 'RULE', allowed: true, id: allow.id, name: allow.name })
    const own = await explainAccess(ada, { keyId: key.id, model: 'gpt-4' })
    expect(own?.verdicts.at(-1)).toMatchObject({ layer: 'RULE', allowed: true, name: null })
    expect(JSON.stringify(own)).not.toContain(allow.name)
  })

  test('of an expired key says so first', async () => {
    const { row } = await createApiKey(ada, { name: 'Short', providerId })
    await expireApiKey(ada, row.id)
    expect(await refusal({ keyId: row.id, model: 'o1' })).toEqual(['KEY', row.id, 'Short'])
  })

  test('is given to users about themselves and their own keys only', async () => {
    expect(await explainAccess(ada, { keyId: narrow.id, model: 'gpt-5' })).not.toBeNull()
    expect(await explainAccess(ada, { providerId, model: 'gpt-5' })).toMatchObject({ userId: ada.viewer.id })
    expect(await explainAccess(grace, { keyId: key.id, model: 'gpt-5' })).toBeNull()
    expect(await explainAccess(grace, { userId: ada.viewer.id, providerId, model: 'gpt-5' })).toBeNull()
    const nowhere = '01900000-0000-7000-8000-000000000000'
    expect(await explainAccess(administrator, { keyId: nowhere, model: 'gpt-5' })).toBeNull()
    expect(await explainAccess(administrator, { userId: nowhere, providerId, model: 'gpt-5' })).toBeNull()
  })

  test('is not made up of things that do not belong together', async () => {
    const odd = { keyId: key.id, userId: grace.viewer.id, model: 'gpt-4' }
    await expect(explainAccess(administrator, odd)).rejects.toThrow(InvalidInput)
    await expect(explainAccess(administrator, { model: 'gpt-4' })).rejects.toThrow(InvalidInput)
    await expect(explainAccess(administrator, { keyId: key.id, model: '' })).rejects.toThrow(InvalidInput)
    await expect(explainAccess(administrator, { keyId: key.id, model: 'half \ud83d' })).rejects.toThrow(InvalidInput)
    const nowhere = { keyId: narrow.id, model: 'gpt-5', address: '10.0.0' }
    await expect(explainAccess(administrator, nowhere)).rejects.toThrow('address')
  })
})
