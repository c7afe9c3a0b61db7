import { RULE_WORDS } from '../../rules/access.ts'
import type { Call } from '../call.ts'
import type { SecretRow } from '../directory.store.ts'
import type { Pipeline } from '../pipeline.ts'
import { type Asked, Refusal, type RefusedBy } from '../refusal.ts'
import type { Endpoint, Route } from '../route.ts'
import type { Target } from '../target.ts'

/** What a key's restriction calls each endpoint. */
const RESTRICTED_AS = {
  'chat/completions': 'CHAT',
  completions: 'COMPLETIONS',
  embeddings: 'EMBEDDINGS',
  responses: 'RESPONSES',
  messages: 'MESSAGES',
  'messages/count_tokens': 'MESSAGES',
  'audio/speech': 'AUDIO',
  'audio/transcriptions': 'AUDIO',
  'audio/translations': 'AUDIO',
  'images/generations': 'IMAGES',
  'images/edits': 'IMAGES',
  'images/variations': 'IMAGES',
  models: 'MODELS',
} as const satisfies Record<Endpoint, string>

function deny(message: string, by: RefusedBy, asked?: Asked): never {
  throw new Refusal('permission_denied', { message, by, ...(asked && { asked, param: 'model' }) })
}

/** Refuses an address or an endpoint that the key is not for, before the body is read. */
export function permitCaller(gateway: Pipeline, { req }: Call, { endpoint }: Route, { key }: SecretRow): void {
  const { restriction } = key
  if (!restriction.allowsAddress(() => gateway.addressOf(req))) {
    deny('Denied by IP address: this API key does not work from this address.', { type: 'ADDRESS', id: key.id })
  }
  if (!restriction.allowsEndpoint(RESTRICTED_AS[endpoint])) {
    const by = { type: 'KEY_RESTRICTION', id: key.id } as const
    deny('Denied by key restriction: this API key is not for this endpoint.', by)
  }
}

/** Refuses a model that the key is not for, or that the rules do not give its owner. */
export function permitModel(gateway: Pipeline, { publicId, key }: SecretRow, target: Target, asked: Asked): void {
  // The body may have taken a while to arrive; the key may have been narrowed meanwhile.
  const { restriction } = gateway.directory.peek(publicId)?.key ?? key
  if (!restriction.allowsModel(asked.model)) {
    const by = { type: 'KEY_RESTRICTION', id: key.id } as const
    deny('Denied by key restriction: this API key is not for this model.', by, asked)
  }
  const { allowed, by } = gateway.directory.decide(key.ownerId, target.id, asked.model)
  if (allowed) return
  deny(`Denied by rule: ${by === null ? RULE_WORDS.notAllowed : RULE_WORDS.denied}`, { type: 'RULE', id: by }, asked)
}

/** Which of the provider's models `permitModel` would let pass. */
export const permittedModels = (gateway: Pipeline, { key }: SecretRow, target: Target): string[] =>
  target.models.filter(
    (model) => key.restriction.allowsModel(model) && gateway.directory.decide(key.ownerId, target.id, model).allowed,
  )
