import { azureBase, azureQuery } from '../../providers/provider.ts'
import type { Ask } from '../ask.ts'
import type { SecretRow } from '../directory.store.ts'
import type { Pipeline } from '../pipeline.ts'
import { Refusal } from '../refusal.ts'
import type { Endpoint, Route } from '../route.ts'
import type { Upstream } from '../upstream.ts'

const ANTHROPIC: ReadonlySet<Endpoint> = new Set(['messages', 'messages/count_tokens'])

/** The key's provider, when it speaks the language of this endpoint. */
export function chooseProvider(gateway: Pipeline, secret: SecretRow, route: Route): Upstream {
  const upstream = gateway.directory.upstream(secret.key.providerId)
  if (!upstream) throw new Refusal('key_disabled')
  if (route.endpoint === 'models') return upstream
  if (ANTHROPIC.has(route.endpoint) !== (upstream.wireFormat === 'ANTHROPIC')) {
    throw new Refusal('not_found', { message: 'The provider of this API key does not have this endpoint.' })
  }
  return upstream
}

/** Refuses a model that the provider's configuration does not enable, and a provider that cannot be used at all. */
export function checkModel(upstream: Upstream, ask: Ask): void {
  const asked = { model: ask.model, streamed: ask.streamed, bytes: ask.bytes }
  if (!upstream.allows(ask.model)) {
    const message = 'This model is not enabled in the configuration of the provider.'
    const by = { type: 'PROVIDER_MODELS', id: upstream.id } as const
    throw new Refusal('model_not_available', { message, param: 'model', asked, by })
  }
  // On Azure the model is a piece of the path; one of dots would lead out of the provider's prefix.
  if (upstream.wireFormat === 'AZURE' && /^\.+$/.test(ask.model)) {
    throw new Refusal('invalid_parameter', { message: 'model is not the name of a model.', param: 'model', asked })
  }
  if (upstream.credential === null) {
    throw new Refusal('upstream_auth', { message: 'The credential for the provider cannot be used.', asked })
  }
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
