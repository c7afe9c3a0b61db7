import type { RefusalCause, UsageEnd } from '../generated/prisma/enums.ts'
import type { Charge } from '../limits/charge.ts'

export type { RefusalCause, UsageEnd }

/** The channel of signals by which the ids of entries go round that have just been stored. */
export const STORED_ENTRIES = 'usage_entries'

/** As many of them at once as are followed: more than a person can, and the log has them all. */
export const MAX_FOLLOWED = 100

/** What is known of a `/work` request before it goes to a provider. */
export type UsageIntent = {
  /** Also the request id that the caller sees (UUID version 7). */
  readonly id: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly keyId: string
  readonly secretId: string
  readonly ownerId: string
  readonly providerId: string
  readonly endpoint: string
  readonly modelAsked: string | null
  readonly streamed: boolean
  readonly requestBytes: number
  /** What it uses of limits for certain; missing in a journal of an earlier version. */
  readonly charges?: readonly Charge[]
  /** The estimate of the prompt, where a limit needed it; `promptCostMicros` null: no price was known. */
  readonly promptTokens?: number
  readonly promptCostMicros?: number | null
  /** For a pool: its member that is asked first and the model it is asked for; of an ended one, who was asked last. */
  readonly answeredById?: string | null
  readonly modelSent?: string
}

/** How a `/work` request ended. */
export type UsageOutcome = {
  readonly modelAnswered: string | null
  /** What the caller got; 0 when it left before there was a status. */
  readonly status: number
  readonly code: string | null
  readonly end: UsageEnd
  /** Null: the provider did not say. */
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly cachedTokens: number | null
  /** Of an answer given again: the tokens that it took the first time. Left out or null: the provider was asked. */
  readonly savedTokens?: number | null
  /** True when the provider did not say them, or not all; missing in a journal of an earlier version. */
  readonly tokensEstimated?: boolean
  readonly costMicros: number | null
  readonly latencyMs: number
  readonly firstTokenMs: number | null
  readonly overheadUs: number
  readonly responseBytes: number
  /** The layer of access, or the limit, that refused it; null: it was not refused, or by none of those. */
  readonly refusedByType: RefusalCause | null
  /** The rule, key, provider or limit; null: no rule allowed it. */
  readonly refusedById: string | null
  /** How often a provider was asked; missing: once, or never when it was refused. */
  readonly attempts?: number
}

/** One `/work` request, for good. */
export type UsageEntry = UsageIntent & UsageOutcome

const BYTES_PER_TOKEN = 4

/**
 * The entry of a request whose process died before it could say how the request ended: its prompt was used, more is
 * not known. Where nobody read the prompt its bytes are the estimate, and `costOf` says what they cost.
 */
export const toInterrupted = (
  intent: UsageIntent,
  costOf: (intent: UsageIntent, inputTokens: number) => number | null,
): UsageEntry => {
  const inputTokens = intent.promptTokens ?? Math.ceil(intent.requestBytes / BYTES_PER_TOKEN)
  const { promptCostMicros = costOf(intent, inputTokens) } = intent
  return {
    ...intent,
    ...INTERRUPTED,
    inputTokens,
    outputTokens: 0,
    costMicros: promptCostMicros,
    tokensEstimated: true,
  }
}

const INTERRUPTED = {
  modelAnswered: null,
  status: 0,
  code: 'interrupted',
  end: 'INTERRUPTED',
  cachedTokens: null,
  latencyMs: 0,
  firstTokenMs: null,
  overheadUs: 0,
  responseBytes: 0,
  refusedByType: null,
  refusedById: null,
} as const
