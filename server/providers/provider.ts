import { z } from 'zod'
import type { AuthType, WireFormat } from '../generated/prisma/enums.ts'
import { Problem } from '../lib/problems.ts'
import { name } from '../lib/text.ts'
import { members } from './pool.ts'

/** What a request to a provider needs to know of how it wants to be asked. */
export type ProviderAuth = {
  readonly authType: AuthType
  readonly authHeader: string | null
  readonly wireFormat: WireFormat
  /** Azure only. */
  readonly apiVersion: string | null
}

const ANTHROPIC_VERSION = '2023-06-01'

/** The headers that carry the credential; empty for `NONE`, or when there is no credential. */
export function credentialHeaders(provider: ProviderAuth, credential: string | null): Record<string, string> {
  if (credential === null) return {}
  switch (provider.authType) {
    case 'BEARER':
      return { authorization: `Bearer ${credential}` }
    case 'X_API_KEY':
      return { 'x-api-key': credential }
    case 'API_KEY':
      return { 'api-key': credential }
    case 'HEADER':
      return provider.authHeader === null ? {} : { [provider.authHeader]: credential }
    case 'NONE':
      return {}
  }
}

/** The address of a provider's model list, and the headers besides the credential's. */
export function modelsRequest(provider: ProviderAuth & { readonly baseUrl: string }): {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
} {
  if (provider.wireFormat === 'OPENAI') return { url: `${provider.baseUrl}/models`, headers: {} }
  if (provider.wireFormat === 'AZURE') {
    return { url: `${azureBase(provider.baseUrl)}/models${azureQuery(provider.apiVersion)}`, headers: {} }
  }
  const base = provider.baseUrl.replace(/\/v1$/, '')
  return { url: `${base}/v1/models?limit=1000`, headers: { 'anthropic-version': ANTHROPIC_VERSION } }
}

/** Azure's own client takes a resource's address without `/openai`; both are understood. */
export const azureBase = (base: string): string => (base.endsWith('/openai') ? base : `${base}/openai`)

export const azureQuery = (apiVersion: string | null): string => `?api-version=${apiVersion ?? ''}`

const MAX_MODELS = 1000
const SECOND = 1000
const MINUTE = 60 * SECOND

/** Headers that frame a message, or say who is asking whom: a credential in one of them would break the request. */
const RESERVED_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'accept',
  'accept-encoding',
  'cookie',
])

const baseUrl = z
  .string('must be a text.')
  .trim()
  .max(500, 'must have 500 characters or fewer.')
  .transform((text) => text.replace(/\/+$/, ''))
  .refine(
    (text) => /^https?:\/\/[\x21-\x7e]+$/i.test(text) && URL.canParse(text),
    'must be a URL that starts with https://.',
  )
  // It would be left out of the origin without a word: a credential has a place of its own, where it is sealed.
  .refine((text) => !/^[^/]+\/\/[^/?#]*@/.test(text), 'must not hold a user name or password.')
  .transform((text) => {
    const url = new URL(text)
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}${url.search}${url.hash}`
  })

const authHeader = z
  .string()
  .transform((text) => text.trim().toLowerCase())
  .refine((text) => /^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(text), 'must be the name of a header.')
  .refine((text) => !RESERVED_HEADERS.has(text), 'is a header that cannot carry a credential.')
  .nullish()

const credential = z
  .string()
  .transform((text) => text.trim())
  .refine((text) => /^[\x21-\x7e][\x20-\x7e]{0,4095}$/.test(text), 'must have 1 to 4096 printable ASCII characters.')
  .nullish()

const apiVersion = z
  .string()
  .transform((text) => text.trim())
  .refine((text) => /^[A-Za-z0-9.-]{1,40}$/.test(text), 'must be a version such as 2024-10-21.')
  .nullish()

const pattern = name({ min: 1, max: 200 })
const enabledModels = z
  .array(pattern)
  .max(MAX_MODELS, `must have ${MAX_MODELS} entries or fewer.`)
  .transform((patterns) => [...new Set(patterns)])

const within = (min: number, max: number) =>
  z.number().int().min(min, `must be ${min} or more.`).max(max, `must be ${max} or less.`)

const edit = z.object({
  name: name({ max: 32 }).optional(),
  baseUrl: baseUrl.optional(),
  wireFormat: z.enum(['OPENAI', 'ANTHROPIC', 'AZURE']).optional(),
  authType: z.enum(['BEARER', 'X_API_KEY', 'API_KEY', 'HEADER', 'NONE']).optional(),
  apiVersion,
  authHeader,
  credential,
  enabledModels: enabledModels.optional(),
  connectTimeoutMs: within(100, MINUTE).optional(),
  firstByteTimeoutMs: within(100, 60 * MINUTE).optional(),
  idleTimeoutMs: within(100, 60 * MINUTE).optional(),
  totalTimeoutMs: within(SECOND, 24 * 60 * MINUTE).optional(),
  maxConcurrency: within(1, 100_000).nullish(),
  members: members.optional(),
  repeatsUnanswered: z.boolean().optional(),
  enabled: z.boolean().optional(),
})

/** The values of an edit; what is left out (or null where null is no value) stays as it is. */
export const providerEditSchema = edit
/** The values of a new provider. */
export const newProviderSchema = edit
  .required({ name: true })
  .extend({ kind: z.enum(['SINGLE', 'POOL']).default('SINGLE') })

/** A provider as audit entries name one. */
export const subjectOf = ({ id, name }: { readonly id: string; readonly name: string }) => ({
  subjectType: 'Provider',
  subjectId: id,
  subjectName: name,
})

export const credentialPlace = (id: string) => ({ table: 'providers', id, column: 'sealed_credential' }) as const

export class UrlNotAllowed extends Problem {}

export class CredentialRequired extends Problem {
  constructor(reason: string) {
    super(reason)
  }
}
