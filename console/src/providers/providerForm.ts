import { z } from 'zod'
import type { Provider } from './documents.ts'

const seconds = (most: number) =>
  z.coerce.number({ error: 'Enter a number' }).min(0.1, 'At least 0.1 s').max(most, `At most ${most} s`)

/** The form thinks in seconds, the API in milliseconds. The server has the last word on every bound. */
export const providerSchema = z
  .object({
    name: z.string().trim().min(3, 'At least 3 characters').max(32, 'At most 32 characters'),
    baseUrl: z.url({ protocol: /^https?$/, error: 'Enter an address that starts with https://' }),
    wireFormat: z.enum(['OPENAI', 'ANTHROPIC', 'AZURE']),
    apiVersion: z.string().trim().max(40, 'At most 40 characters'),
    authType: z.enum(['BEARER', 'X_API_KEY', 'API_KEY', 'HEADER', 'NONE']),
    authHeader: z.string().trim().max(64, 'At most 64 characters'),
    credential: z.string().max(4096, 'At most 4096 characters'),
    enabledModels: z.array(z.string().trim().min(1)).max(500, 'At most 500 entries'),
    enabled: z.boolean(),
    connectSeconds: seconds(60),
    firstByteSeconds: seconds(3600),
    idleSeconds: seconds(3600),
    totalSeconds: seconds(7200),
    maxConcurrency: z
      .string()
      .trim()
      .regex(/^(?:[1-9]\d{0,4})?$/, 'Enter a whole number from 1, or leave it empty'),
  })
  .refine((value) => value.authType !== 'HEADER' || value.authHeader !== '', {
    path: ['authHeader'],
    error: 'Name the header',
  })
  .refine((value) => value.wireFormat !== 'AZURE' || value.apiVersion !== '', {
    path: ['apiVersion'],
    error: 'Enter a version such as 2024-10-21',
  })

export type ProviderState = z.infer<typeof providerSchema>

const toSeconds = (ms: number | null, usual: number) => (ms ?? usual) / 1000
const toMs = (value: number) => Math.round(Number(value) * 1000)

/** The form as it opens: what the provider has, or what a new one usually gets. The credential starts empty always. */
export function toState(provider: Provider | null): ProviderState {
  return {
    name: provider?.name ?? '',
    baseUrl: provider?.baseUrl ?? '',
    wireFormat: provider?.wireFormat ?? 'OPENAI',
    apiVersion: provider?.apiVersion ?? '',
    authType: provider?.authType ?? 'BEARER',
    authHeader: provider?.authHeader ?? '',
    credential: '',
    enabledModels: [...(provider?.enabledModels ?? [])],
    enabled: provider?.enabled ?? true,
    connectSeconds: toSeconds(provider?.connectTimeoutMs ?? null, 5_000),
    firstByteSeconds: toSeconds(provider?.firstByteTimeoutMs ?? null, 60_000),
    idleSeconds: toSeconds(provider?.idleTimeoutMs ?? null, 30_000),
    totalSeconds: toSeconds(provider?.totalTimeoutMs ?? null, 600_000),
    maxConcurrency: String(provider?.maxConcurrency ?? ''),
  }
}

/** What the API takes. An empty credential field means: keep the stored one. */
export function toInput(state: ProviderState) {
  return {
    name: state.name.trim(),
    baseUrl: state.baseUrl.trim(),
    wireFormat: state.wireFormat,
    apiVersion: state.wireFormat === 'AZURE' ? state.apiVersion.trim() : null,
    authType: state.authType,
    authHeader: state.authType === 'HEADER' ? state.authHeader.trim() : null,
    enabledModels: [...new Set(state.enabledModels.map((model) => model.trim()))].filter((model) => model !== ''),
    enabled: state.enabled,
    connectTimeoutMs: toMs(state.connectSeconds),
    firstByteTimeoutMs: toMs(state.firstByteSeconds),
    idleTimeoutMs: toMs(state.idleSeconds),
    totalTimeoutMs: toMs(state.totalSeconds),
    maxConcurrency: state.maxConcurrency === '' ? null : Number(state.maxConcurrency),
    ...(state.credential === '' ? {} : { credential: state.credential }),
  }
}
