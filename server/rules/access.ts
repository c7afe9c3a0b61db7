import type { Endpoint } from '../generated/prisma/enums.ts'
import type { Askable } from '../providers/pool.ts'

/** Where a "no" can come from, in the order in which a request meets them. Limits come last. */
export type AccessLayer = 'KEY' | 'ADDRESS' | 'PROVIDER_MODELS' | 'KEY_RESTRICTION' | 'RULE' | 'LIMIT'

/** What one layer says to a request. */
export type AccessVerdict = {
  readonly layer: AccessLayer
  readonly allowed: boolean
  /** A sentence for people, without anybody's names. */
  readonly message: string
  /** The key, provider or rule that says so; null: no rule allows it. */
  readonly id: string | null
  readonly name: string | null
}

export type AccessQuestion = {
  readonly keyId?: string | null | undefined
  readonly userId?: string | null | undefined
  readonly providerId?: string | null | undefined
  readonly model: string
  readonly endpoint?: Endpoint | null | undefined
  readonly address?: string | null | undefined
}

/** The answer of every layer but limits, which need no names: whoever asks for those has the ids here. */
export type AccessExplanation = {
  readonly keyId: string | null
  readonly userId: string
  readonly providerId: string
  /** Who would be asked: the provider itself, or those members of a pool that can be asked for the model. */
  readonly askable: readonly Askable[]
  readonly model: string
  /** Null: any. */
  readonly endpoint: Endpoint | null
  readonly verdicts: readonly AccessVerdict[]
}

/** The words of a rule's verdict, the same at `/work` and in the console. */
export const RULE_WORDS = {
  denied: 'A rule denies this model to the owner of this API key.',
  notAllowed: 'No rule allows this model to the owner of this API key.',
  allowed: 'A rule allows it, and none denies it.',
} as const
