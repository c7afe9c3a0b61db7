import { z } from 'zod'
import { change } from '../lib/change.ts'
import type { Parts } from '../lib/parts.ts'
import { NotFound, Problem } from '../lib/problems.ts'
import { open } from '../lib/seal.ts'
import { UrlRefused } from '../lib/url-policy.ts'
import type { Act } from '../users/viewer.ts'
import { credentialHeaders, credentialPlace, modelsRequest, subjectOf } from './provider.ts'
import { findProvider } from './providers.service.ts'
import * as store from './providers.store.ts'

/** What came of asking a provider for its models. `status` is null when it did not answer. */
export type ProviderTest = {
  readonly reachable: boolean
  readonly status: number | null
  readonly latencyMs: number
  readonly models: readonly string[]
  readonly message: string
}

/** What came of asking the members of a pool, first those that are asked first; of another provider there are none. */
export type MemberTest = ProviderTest & { readonly provider: store.ProviderRow }

const TIMEOUT_MS = 10_000
const MAX_BYTES = 4 * 1024 * 1024
const MAX_MODELS = 5000

const modelList = z.object({ data: z.array(z.object({ id: z.string().min(1).max(200) })) })

function readModels(body: Buffer): string[] | null {
  try {
    const parsed = modelList.safeParse(JSON.parse(body.toString('utf8')))
    return parsed.success ? [...new Set(parsed.data.data.map(({ id }) => id))].slice(0, MAX_MODELS) : null
  } catch {
    return null
  }
}

const said: Readonly<Record<number, string>> = {
  401: 'The provider does not accept the credential.',
  403: 'The provider does not accept the credential for this.',
  404: 'The provider has no model list at this base URL.',
  429: 'The provider answers, and limits us at the moment.',
}

function judge(status: number, models: string[] | null): string {
  if (models) return `The provider answers and lists ${models.length} models.`
  if (status >= 300 && status < 400) return 'The provider redirects; redirects are never followed.'
  return said[status] ?? `The provider answers ${status}, without a list of models.`
}

/** Never the provider's own words: they may hold anything. */
function failure(error: unknown): string {
  if (error instanceof UrlRefused) return error.message
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'The host name does not resolve.'
  if (code === 'ECONNREFUSED') return 'The host refuses the connection.'
  if (error instanceof Error && (error.name === 'TimeoutError' || code.includes('TIMEOUT')))
    return 'The provider does not answer in time.'
  if (code.includes('CERT') || code.includes('SSL') || code.includes('TLS'))
    return 'The TLS certificate of the host is not valid.'
  return 'The connection fails.'
}

async function ask(parts: Parts, provider: Single): Promise<ProviderTest> {
  const startedAt = performance.now()
  const latencyMs = () => Math.round(performance.now() - startedAt)
  try {
    const { sealedCredential } = provider
    const credential = sealedCredential ? open(parts.keyring, credentialPlace(provider.id), sealedCredential) : null
    const { url, headers } = modelsRequest(provider)
    const answer = await parts.outgoing.request(url, {
      method: 'GET',
      headers: { accept: 'application/json', ...headers, ...credentialHeaders(provider, credential) },
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    })
    const models = answer.status === 200 ? readModels(answer.body) : null
    const message = judge(answer.status, models)
    return { reachable: models !== null, status: answer.status, latencyMs: latencyMs(), models: models ?? [], message }
  } catch (error) {
    return { reachable: false, status: null, latencyMs: latencyMs(), models: [], message: failure(error) }
  }
}

async function getProvider(act: Act, id: string) {
  const provider = await findProvider(act, id)
  if (!provider || provider.deletedAt) throw new NotFound('provider')
  return provider
}

type Single = store.ProviderRow & { readonly baseUrl: string }
const isSingle = (provider: store.ProviderRow): provider is Single => provider.baseUrl !== null

/** Asks the provider, or each member of the pool, for its models and changes nothing. Throws `NotFound`. */
export async function testProvider(
  act: Act,
  id: string,
): Promise<ProviderTest & { readonly members: readonly MemberTest[] }> {
  const provider = await getProvider(act, id)
  if (isSingle(provider)) return { ...(await ask(act.parts, provider)), members: [] }
  const members = await store.listMembers(act.parts.db.prisma, id)
  const rows = await store.listProvidersOf(
    act.parts.db.prisma,
    members.map(({ providerId }) => providerId),
  )
  const inOrder = members.flatMap(({ providerId }) => rows.find((row) => row.id === providerId) ?? []).filter(isSingle)
  return ofMembers(
    await Promise.all(inOrder.map(async (member) => ({ ...(await ask(act.parts, member)), provider: member }))),
  )
}

function ofMembers(members: readonly MemberTest[]) {
  const reachable = members.filter((member) => member.reachable)
  const models = [...new Set(reachable.flatMap((member) => member.models))]
  return {
    reachable: reachable.length > 0,
    status: null,
    latencyMs: Math.max(0, ...members.map(({ latencyMs }) => latencyMs)),
    models,
    message: `${reachable.length} of ${members.length} members answer and list their models.`,
    members,
  }
}

export class ProviderNotReachable extends Problem {}

/** Reads the provider's models and keeps them, so that globs can name them. Throws `NotFound`, `ProviderNotReachable`. */
export async function discoverModels(act: Act, id: string): Promise<store.ProviderRow> {
  const provider = await getProvider(act, id)
  if (!isSingle(provider)) {
    throw new ProviderNotReachable('A pool has the models of its members: discover them there.')
  }
  const { reachable, models, message } = await ask(act.parts, provider)
  if (!reachable) throw new ProviderNotReachable(message)
  return change(act, async (tx, record) => {
    const row = await store.lockProvider(tx, id)
    if (!row) throw new NotFound('provider')
    record({ action: 'discoverModels', ...subjectOf(row), after: { models: models.length } })
    return store.updateProvider(tx, id, { discoveredModels: [...models], discoveredAt: act.parts.clock.now() })
  })
}
