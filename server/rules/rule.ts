import { z } from 'zod'
import { Role, RuleEffect } from '../generated/prisma/enums.ts'
import { cacheSeconds } from '../keys/caching.ts'
import { name, optionalText } from '../lib/text.ts'
import { BadPattern, compilePattern } from './pattern.ts'

/** What a rule decides with: who may, or may not, ask which provider for which models. */
export type RuleTerms = {
  readonly id: string
  readonly enabled: boolean
  readonly effect: RuleEffect
  /** A regular expression for whole model names. */
  readonly modelPattern: string
  /** At most one of these three; all null: everyone. */
  readonly userId: string | null
  readonly groupId: string | null
  readonly role: Role | null
  /** Null: every provider. */
  readonly providerId: string | null
  /** Of an allow rule: how long an answer may be given again. Null or left out: the rule says nothing of that. */
  readonly cacheSeconds?: number | null
  /** True: also to others whose requests such a rule allows. */
  readonly cacheShared?: boolean
}

export type Rule = RuleTerms & {
  readonly cacheSeconds: number | null
  readonly cacheShared: boolean
  readonly name: string
  readonly description: string | null
  readonly createdAt: Date
  readonly deletedAt: Date | null
  /** Grows by one with every change. */
  readonly version: number
}

export const MAX_DESCRIPTION = 500

function problemOf(pattern: string): string | null {
  try {
    compilePattern(pattern)
    return null
  } catch (error) {
    if (error instanceof BadPattern) return error.message
    throw error
  }
}

const modelPattern = z
  .string()
  .min(1, 'must not be empty; `.*` stands for every model.')
  .superRefine((pattern, context) => {
    const message = pattern === '' ? null : problemOf(pattern)
    if (message !== null) context.addIssue({ code: 'custom', message })
  })

const target = { userId: z.string().nullish(), groupId: z.string().nullish(), role: z.enum(Role).nullish() }

const details = {
  description: optionalText(MAX_DESCRIPTION),
  providerId: z.string().nullish(),
  cacheSeconds,
  ...target,
}

/** At most one of user, group and role. */
const oneTarget = (rule: { userId?: unknown; groupId?: unknown; role?: unknown }) =>
  [rule.userId, rule.groupId, rule.role].filter((value) => value != null).length <= 1

const ONE_TARGET = {
  message: 'cannot be combined: a rule is for one user, one group, one role, or everyone.',
  path: ['userId'],
}

const terms = z.object({
  effect: z.enum(RuleEffect),
  modelPattern,
  enabled: z.boolean().nullish(),
  cacheShared: z.boolean().nullish(),
  ...details,
})

/** What a rule decides, of an unsaved one too. */
export const termsSchema = terms.refine(oneTarget, ONE_TARGET)

export const newRuleSchema = terms.extend({ name: name() }).refine(oneTarget, ONE_TARGET)

/**
 * What is left out stays as it is. Null means everyone, or every provider. Naming one target takes the place of the
 * other ones.
 */
export const ruleEditSchema = z
  .object({
    name: name().optional(),
    effect: z.enum(RuleEffect).optional(),
    modelPattern: modelPattern.optional(),
    enabled: z.boolean().optional(),
    cacheShared: z.boolean().optional(),
    ...details,
  })
  .refine(oneTarget, ONE_TARGET)

export type NewRule = z.input<typeof newRuleSchema>
export type RuleEdit = z.input<typeof ruleEditSchema>
