import { isIP } from 'node:net'
import { statusOf } from '../keys/key.ts'
import { findApiKey } from '../keys/keys.service.ts'
import { compileRestrictions, type Restrictions } from '../keys/restriction.ts'
import { InvalidInput } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import { type Act, seesAll } from '../users/viewer.ts'
import { type AccessExplanation, type AccessQuestion, type AccessVerdict, RULE_WORDS } from './access.ts'
import { RuleIndex } from './evaluate.ts'
import { findPerson, findProvider } from './explain.store.ts'
import { explainProvider } from './explain-provider.ts'
import { findRule, listTermsFor } from './rules.store.ts'

type Key = NonNullable<Awaited<ReturnType<typeof findApiKey>>>
type Person = NonNullable<Awaited<ReturnType<typeof findPerson>>>
type Provider = NonNullable<Awaited<ReturnType<typeof findProvider>>>
type Parties = { readonly key: Key | null; readonly person: Person; readonly provider: Provider }

const MAX_MODEL = 256

/**
 * What each layer of access says to a request, without making it; null when the key, the user or the provider does not
 * exist or is not the viewer's to see. Users may ask about themselves and their own keys. Throws `InvalidInput`.
 */
export async function explainAccess(act: Act, question: AccessQuestion): Promise<AccessExplanation | null> {
  const parties = await findParties(act, question)
  if (!parties) return null
  const { key, person, provider } = parties
  const { verdict, askable } = explainProvider(act.parts, provider, question.model)
  const verdicts = [
    ofKey(act, parties),
    ...ofEndpoint(provider, question),
    ...(key ? ofCaller(key, question) : []),
    verdict,
    ...(key ? [ofModels(key, question.model)] : []),
    await ofRules(act, person, provider, question.model),
  ]
  const { model, endpoint = null } = question
  return { keyId: key?.id ?? null, userId: person.id, providerId: provider.id, askable, model, endpoint, verdicts }
}

async function findParties(act: Act, question: AccessQuestion): Promise<Parties | null> {
  const { prisma } = act.parts.db
  check(question)
  const key = question.keyId == null ? null : await findApiKey(act, question.keyId)
  if (question.keyId != null && !key) return null
  const userId = key?.ownerId ?? question.userId ?? act.viewer.id
  const providerId = key?.providerId ?? question.providerId
  if (providerId == null) throw new InvalidInput([{ path: 'providerId', message: 'is needed without a key.' }])
  if (!isId(userId) || !isId(providerId) || !(seesAll(act.viewer) || userId === act.viewer.id)) return null
  const differs = [question.userId ?? userId, question.providerId ?? providerId]
  if (differs[0] !== userId || differs[1] !== providerId) {
    throw new InvalidInput([{ path: 'keyId', message: 'belongs to another user or another provider.' }])
  }
  const [person, provider] = [await findPerson(prisma, userId), await findProvider(prisma, providerId)]
  // Users do not get to know providers that they cannot use.
  const visible = provider && (seesAll(act.viewer) || key !== null || (provider.enabled && !provider.deletedAt))
  return person && visible ? { key, person, provider } : null
}

function check({ model, address }: AccessQuestion): void {
  if (model === '' || model.length > MAX_MODEL || /\p{Cc}/u.test(model) || !model.isWellFormed()) {
    throw new InvalidInput([{ path: 'model', message: `must be a model name of 1 to ${MAX_MODEL} characters.` }])
  }
  if (address != null && isIP(address) === 0) {
    throw new InvalidInput([{ path: 'address', message: 'must be an address such as 203.0.113.7.' }])
  }
}

const KEY_WORDS = {
  DELETED: 'The key is deleted.',
  EXPIRED: 'The key has expired.',
  DISABLED: 'The owner or the provider is disabled.',
  PENDING: 'The key waits for approval.',
} as const

/** Whether the key, its owner and its provider are in use at all. */
function ofKey({ parts }: Act, { key, person, provider }: Parties): AccessVerdict {
  const state = {
    ownerActive: person.active && !person.deletedAt,
    providerEnabled: provider.enabled && !provider.deletedAt,
    secretCount: 1,
  }
  const status = statusOf(
    { ...(key ?? { deletedAt: null, expiresAt: null, pending: false }), ...state },
    parts.clock.now(),
  )
  const verdict = { layer: 'KEY' as const, id: key?.id ?? null, name: key?.name ?? null }
  if (status === 'DELETED' || status === 'EXPIRED' || status === 'DISABLED' || status === 'PENDING') {
    return { ...verdict, allowed: false, message: KEY_WORDS[status] }
  }
  return { ...verdict, allowed: true, message: key ? 'The key works.' : 'The owner and the provider are in use.' }
}

/** Nothing to say but "no": Anthropic's endpoint is for its wire format alone, the others for all but it. */
function ofEndpoint({ id, name, wireFormat }: Provider, { endpoint }: AccessQuestion): AccessVerdict[] {
  if (endpoint == null || endpoint === 'MODELS') return []
  if ((endpoint === 'MESSAGES') === (wireFormat === 'ANTHROPIC')) return []
  const message = 'The provider does not have this endpoint.'
  return [{ layer: 'PROVIDER_MODELS', allowed: false, message, id, name }]
}

const restrictionOf = ({ models, addresses, endpoints }: Restrictions) =>
  compileRestrictions({ models, addresses, endpoints })

/** The restrictions that need no model, as far as they are asked about. */
function ofCaller(key: Key, { address, endpoint }: AccessQuestion): AccessVerdict[] {
  const restriction = restrictionOf(key)
  const of = (layer: AccessVerdict['layer'], allowed: boolean, what: string): AccessVerdict => {
    const message = allowed ? `The key works ${what}.` : `The key does not work ${what}.`
    return { layer, allowed, message, id: key.id, name: key.name }
  }
  return [
    ...(address == null
      ? []
      : [
          of(
            'ADDRESS',
            restriction.allowsAddress(() => address),
            'from this address',
          ),
        ]),
    ...(endpoint == null ? [] : [of('KEY_RESTRICTION', restriction.allowsEndpoint(endpoint), 'for this endpoint')]),
  ]
}

function ofModels(key: Key, model: string): AccessVerdict {
  const allowed = restrictionOf(key).allowsModel(model)
  const message = allowed ? 'The key may ask for this model.' : 'The key is restricted to other models.'
  return { layer: 'KEY_RESTRICTION', allowed, message, id: key.id, name: key.name }
}

/** The names of rules are not for users. */
async function ofRules(act: Act, person: Person, provider: Provider, model: string): Promise<AccessVerdict> {
  const { prisma } = act.parts.db
  const who = { userId: person.id, role: person.role, groupIds: person.groupIds, providerId: provider.id }
  const { allowed, by } = new RuleIndex(await listTermsFor(prisma, who)).decide({ ...who, model })
  const rule = by !== null && seesAll(act.viewer) ? await findRule(prisma, { id: by }) : null
  const message = allowed ? RULE_WORDS.allowed : by === null ? RULE_WORDS.notAllowed : RULE_WORDS.denied
  return { layer: 'RULE', allowed, message, id: by, name: rule?.name ?? null }
}
