import { isNameable } from '../../providers/model.ts'
import { azureBase, azureQuery } from '../../providers/provider.ts'
import type { SecretRow } from '../directory.store.ts'
import type { Pipeline } from '../pipeline.ts'
import { type Asked, Refusal } from '../refusal.ts'
import type { Endpoint, Route } from '../route.ts'
import type { Candidate, Target, Upstream } from '../target.ts'

const ANTHROPIC: ReadonlySet<Endpoint> = new Set(['messages', 'messages/count_tokens'])

/** What the key is for, when it speaks the language of this endpoint. */
export function chooseTarget(gateway: Pipeline, secret: SecretRow, route: Route): Target {
  const target = gateway.directory.target(secret.key.providerId)
  if (!target) throw new Refusal('key_disabled')
  if (route.endpoint === 'models') return target
  if (ANTHROPIC.has(route.endpoint) !== (target.wireFormat === 'ANTHROPIC')) {
    throw new Refusal('not_found', { message: 'The provider of this API key does not have this endpoint.' })
  }
  return target
}

/**
 * Who can be asked, first the one whose turn it is. Refuses a model that the provider's configuration does not enable,
 * and a provider that cannot be used at all.
 */
export function chooseCandidates(target: Target, ask: Asked): readonly Candidate[] {
  const asked = { model: ask.model, streamed: ask.streamed, bytes: ask.bytes }
  const by = { type: 'PROVIDER_MODELS', id: target.id } as const
  if (!target.allows(ask.model)) {
    const message = 'This model is not enabled in the configuration of the provider.'
    throw new Refusal('model_not_available', { message, param: 'model', asked, by })
  }
  const candidates = target.candidatesFor(ask.model)
  if (target.kind === 'POOL') {
    if (candidates.length > 0) return candidates
    const message = 'No provider of the pool can be asked for this model.'
    throw new Refusal('model_not_available', { message, param: 'model', asked, by })
  }
  const upstream = candidates[0]?.upstream
  if (!upstream || !isNameable(upstream, ask.model)) {
    throw new Refusal('invalid_parameter', { message: 'model is not the name of a model.', param: 'model', asked })
  }
  if (upstream.credential === null) {
    throw new Refusal('upstream_auth', { message: 'The credential for the provider cannot be used.', asked })
  }
  return candidates
}

/** Where on the provider's host an endpoint is. The base URL is the one that an SDK of its wire format takes. */
export function pathOf(upstream: Upstream, { endpoint, query }: Route, model: string): string {
  if (upstream.wireFormat === 'AZURE') {
    const deployment = endpoint === 'responses' ? '' : `/deployments/${encodeURIComponent(model)}`
    return `${azureBase(upstream.prefix)}${deployment}/${endpoint}${azureQuery(upstream.apiVersion)}`
  }
  const isVersioned = upstream.wireFormat === 'OPENAI' || upstream.prefix.endsWith('/v1')
  return `${upstream.prefix}${isVersioned ? '' : '/v1'}/${endpoint}${query}`
}
