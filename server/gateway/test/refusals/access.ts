import { systemRandom } from '../../../lib/random.ts'
import { mintSecret } from '../../../lib/secret.ts'
import { EVERYTHING, type KeySet, type TestKey, type World } from '../world.ts'
import { type Case, type Cases, next, type Sending, sender, strange } from './case.ts'

/** Keys that do not work, and what keys, providers and rules do not allow. */
export function accessCases(world: World): Cases {
  const send = sender(world)
  const stranger = (cause: string, headers: Readonly<Record<string, string>>): Case => ({
    cause,
    ask: () => strange(world.url, headers),
    says: /^Incorrect API key provided\.$/,
    end: null,
  })
  const unknown = mintSecret(systemRandom.bytes, 'aic_')
  const dying = (cause: string, says: RegExp, mint: () => Promise<TestKey>): Case => ({
    cause,
    ask: async () => send({ key: await mint() }),
    says,
  })
  const minted = (cause: string, says: RegExp, set: KeySet) => dying(cause, says, () => world.mintKey(set))
  return {
    invalid_api_key: [
      stranger('none', {}),
      stranger('an empty one', { authorization: '' }),
      stranger('another scheme', { authorization: 'Basic eA==' }),
      stranger('no form of ours', { authorization: 'Bearer sk-proj-abcdef' }),
      stranger('a wrong checksum', { authorization: `Bearer aic_${'a'.repeat(50)}` }),
      stranger('a personal access token', { authorization: `Bearer ${mintSecret(systemRandom.bytes, 'aicp_')}` }),
      stranger('an unknown one', { 'x-api-key': unknown }),
      stranger('a known public id, another secret', {
        'api-key': `${world.key.text.slice(0, 16)}${unknown.slice(16)}`,
      }),
    ],
    key_expired: [
      minted('its end', /has expired/, { expiresAt: world.parts.clock.now() }),
      dying('the end of an overlap', /has expired/, async () => {
        const key = await world.mintKey()
        await world.change('ApiKey', key.id, (tx) =>
          tx.keySecret.update({ where: { id: key.secretId }, data: { expiresAt: world.parts.clock.now() } }),
        )
        return key
      }),
    ],
    key_deleted: [minted('it is deleted', /has been deleted/, { deletedAt: world.parts.clock.now() })],
    key_pending: [minted('nobody approved it', /waits for approval/, { pending: true })],
    key_disabled: [
      dying('its provider is disabled', /is disabled/, async () =>
        world.mintKey({ providerId: await world.addProvider({ enabled: false }) }),
      ),
      dying('its owner is disabled', /is disabled/, async () => {
        const key = await world.mintKey()
        await world.change('User', key.ownerId, (tx) =>
          tx.user.update({ where: { id: key.ownerId }, data: { active: false, version: next } }),
        )
        return key
      }),
    ],
    ...modelCases(world),
  }
}

type Restriction = { readonly models?: string[]; readonly addresses?: string[]; readonly endpoints?: ['EMBEDDINGS'] }

function modelCases(world: World): Cases {
  const send = sender(world)
  let id: string | null = null
  const restricted = (cause: string, type: 'ADDRESS' | 'KEY_RESTRICTION', data: Restriction, says: RegExp): Case => ({
    cause,
    async ask() {
      const key = await world.mintKey()
      id = key.id
      await world.change('ApiKey', key.id, (tx) =>
        tx.apiKey.update({ where: { id: key.id }, data: { ...data, version: next } }),
      )
      return send({ key })
    },
    says,
    param: data.models ? 'model' : null,
    by: () => [type, id],
  })
  const notEnabled = (cause: string, sending: Sending): Case => ({
    cause,
    ask: () => send(sending),
    says: /not enabled in the configuration of the provider/,
    param: 'model',
    by: () => ['PROVIDER_MODELS', world.providerId],
  })
  return {
    model_not_available: [
      notEnabled('the provider does not enable it', { body: '{"model":"gpt-5"}' }),
      notEnabled('asked about in the list', { method: 'GET', path: '/models/gpt-5' }),
    ],
    permission_denied: [
      restricted('the address', 'ADDRESS', { addresses: ['203.0.113.0/24'] }, /^Denied by IP address/),
      restricted(
        'the endpoint',
        'KEY_RESTRICTION',
        { endpoints: ['EMBEDDINGS'] },
        /^Denied by key restriction: .*endpoint/,
      ),
      restricted('the model', 'KEY_RESTRICTION', { models: ['gpt-4o*'] }, /^Denied by key restriction: .*model/),
      ...ruleCases(world),
    ],
  }
}

function ruleCases(world: World): readonly Case[] {
  const send = sender(world)
  const id = systemRandom.uuidv7()
  return [
    {
      cause: 'a rule that denies',
      async ask() {
        const owner = await world.mintKey()
        const rule = { id, name: `secret rule ${id}`, effect: 'DENY', modelPattern: 'gpt.*' } as const
        await world.change('Rule', id, (tx) => tx.rule.create({ data: { ...rule, userId: owner.ownerId } }))
        return send({ key: owner })
      },
      says: /^Denied by rule: A rule denies/,
      param: 'model',
      by: () => ['RULE', id],
    },
    {
      cause: 'no rule that allows',
      async ask() {
        const setEverything = (enabled: boolean) =>
          world.change('Rule', EVERYTHING, (tx) =>
            tx.rule.update({ where: { id: EVERYTHING }, data: { enabled, version: next } }),
          )
        await setEverything(false)
        const answer = await send()
        await setEverything(true)
        return answer
      },
      says: /^Denied by rule: No rule allows/,
      param: 'model',
      by: () => ['RULE', null],
    },
  ]
}
