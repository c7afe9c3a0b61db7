import type { Look } from '../ui/StatusBadge.vue'
import type { Provider } from './documents.ts'

export type AuthType = NonNullable<Provider['authType']>
export type WireFormat = Provider['wireFormat']

export const authTypes = [
  { value: 'BEARER', label: 'Bearer token' },
  { value: 'X_API_KEY', label: 'x-api-key' },
  { value: 'API_KEY', label: 'api-key' },
  { value: 'HEADER', label: 'Named header' },
  { value: 'NONE', label: 'None' },
] as const satisfies readonly { value: AuthType; label: string }[]

export const wireFormats = [
  { value: 'OPENAI', label: 'OpenAI' },
  { value: 'ANTHROPIC', label: 'Anthropic' },
  { value: 'AZURE', label: 'Azure OpenAI' },
] as const satisfies readonly { value: WireFormat; label: string }[]

export function authLabel({ kind, authType }: Pick<Provider, 'kind' | 'authType'>): string {
  if (kind === 'POOL') return '–'
  return authTypes.find((one) => one.value === authType)?.label ?? '–'
}

/** Enabled or not; of one that is enabled, whether it is being left alone because it kept failing. */
export function stateLook({ enabled, breakerState }: Pick<Provider, 'enabled' | 'breakerState'>): Look {
  if (!enabled) return { label: 'Disabled', icon: 'i-lucide-ban', color: 'neutral' }
  if (breakerState === 'OPEN') return { label: 'Failing', icon: 'i-lucide-circle-x', color: 'error' }
  if (breakerState === 'HALF_OPEN') return { label: 'Trying again', icon: 'i-lucide-rotate-cw', color: 'warning' }
  return { label: 'Enabled', icon: 'i-lucide-circle-check', color: 'success' }
}

/** Where its requests go: an address, or the members of a pool in the order in which they are asked. */
export const placeText = ({ kind, baseUrl, members }: Pick<Provider, 'kind' | 'baseUrl' | 'members'>): string =>
  kind === 'POOL' ? `Pool of ${(members ?? []).map(({ provider }) => provider.name).join(', ')}` : (baseUrl ?? '')

/** `••••k3Qz`, or what stands in its place. The last four may be empty when the credential is too short to show them. */
export function credentialText(provider: Pick<Provider, 'kind' | 'authType' | 'credentialLastFour'>): string {
  if (provider.kind === 'POOL') return '–'
  if (provider.authType === 'NONE') return 'Not needed'
  if (provider.credentialLastFour === null) return 'Missing'
  return `••••${provider.credentialLastFour}`
}

/** Ready-made settings for well-known providers; everything can still be changed. */
export const templates = [
  { label: 'OpenAI', baseUrl: 'https://api.openai.com/v1', wireFormat: 'OPENAI', authType: 'BEARER' },
  { label: 'Anthropic', baseUrl: 'https://api.anthropic.com', wireFormat: 'ANTHROPIC', authType: 'X_API_KEY' },
  { label: 'Azure', baseUrl: 'https://your-resource.openai.azure.com', wireFormat: 'AZURE', authType: 'API_KEY' },
  { label: 'Groq', baseUrl: 'https://api.groq.com/openai/v1', wireFormat: 'OPENAI', authType: 'BEARER' },
  { label: 'Mistral', baseUrl: 'https://api.mistral.ai/v1', wireFormat: 'OPENAI', authType: 'BEARER' },
] as const
