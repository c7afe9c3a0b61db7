import { z } from 'zod'
import type { Rule } from './documents.ts'

/** The same bounds as the server's; whether the pattern is one is told beside it, by the server's own engine. */
export const ruleSchema = z
  .object({
    name: z.string().trim().min(3, 'At least 3 characters').max(64, 'At most 64 characters'),
    description: z.string().trim().max(500, 'At most 500 characters'),
    enabled: z.boolean(),
    effect: z.enum(['ALLOW', 'DENY']),
    modelPattern: z.string().min(1, 'Enter a pattern; .* stands for every model').max(500, 'At most 500 characters'),
    who: z.enum(['EVERYONE', 'ROLE', 'GROUP', 'USER']),
    role: z.enum(['ADMINISTRATOR', 'AUDITOR', 'USER']),
    groupId: z.string(),
    userId: z.string(),
    providerId: z.string(),
    cacheSeconds: z.number().nullable(),
    cacheShared: z.boolean(),
  })
  .refine((value) => value.who !== 'GROUP' || value.groupId !== '', { path: ['groupId'], error: 'Choose a group' })
  .refine((value) => value.who !== 'USER' || value.userId !== '', { path: ['userId'], error: 'Choose a user' })

export type RuleState = z.infer<typeof ruleSchema>

/** Stands for "any provider": a menu cannot hold an empty value. */
export const anyProvider = 'any'

function whoOf(rule: Rule): RuleState['who'] {
  if (rule.user) return 'USER'
  if (rule.group) return 'GROUP'
  return rule.role ? 'ROLE' : 'EVERYONE'
}

/** The form as it opens: the rule, or a new one that allows nothing yet. */
export function toState(rule: Rule | null): RuleState {
  return {
    name: rule?.name ?? '',
    description: rule?.description ?? '',
    enabled: rule?.enabled ?? true,
    effect: rule?.effect ?? 'ALLOW',
    modelPattern: rule?.modelPattern ?? '',
    who: rule ? whoOf(rule) : 'EVERYONE',
    role: rule?.role ?? 'USER',
    groupId: rule?.group?.id ?? '',
    userId: rule?.user?.id ?? '',
    providerId: rule?.provider?.id ?? anyProvider,
    cacheSeconds: rule?.cacheSeconds ?? null,
    cacheShared: rule?.cacheShared ?? false,
  }
}

/** What a rule decides with, as the API takes it: at most one of user, group and role. */
export function toTerms(state: RuleState) {
  return {
    effect: state.effect,
    modelPattern: state.modelPattern,
    enabled: state.enabled,
    userId: state.who === 'USER' ? state.userId : null,
    groupId: state.who === 'GROUP' ? state.groupId : null,
    role: state.who === 'ROLE' ? state.role : null,
    providerId: state.providerId === anyProvider ? null : state.providerId,
  }
}

export function toInput(state: RuleState) {
  // Only a rule that allows can say what may be answered again.
  const cacheSeconds = state.effect === 'ALLOW' ? state.cacheSeconds : null
  return {
    ...toTerms(state),
    name: state.name.trim(),
    description: state.description.trim() || null,
    cacheSeconds,
    cacheShared: cacheSeconds !== null && state.cacheShared,
  }
}
