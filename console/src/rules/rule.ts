import type { ResultOf } from '../graphql.ts'
import type { Look } from '../ui/StatusBadge.vue'
import { type Trial, toNoChange, toSentence } from '../ui/trial.ts'
import { roleLooks } from '../users/role.ts'
import type { Rule, TryRule } from './documents.ts'

export const effectLooks = {
  ALLOW: { label: 'Allow', icon: 'i-lucide-circle-check', color: 'success' },
  DENY: { label: 'Deny', icon: 'i-lucide-ban', color: 'error' },
} as const satisfies Record<Rule['effect'], Look>

/** The effect that an address names, if it names one. */
export function toEffect(value: string): Rule['effect'] | undefined {
  return value === 'ALLOW' || value === 'DENY' ? value : undefined
}

/** Whom a rule is for, as one phrase with an icon. */
export function toWho(rule: Pick<Rule, 'user' | 'group' | 'role'>): { readonly label: string; readonly icon: string } {
  if (rule.user) return { label: rule.user.displayName, icon: 'i-lucide-user' }
  if (rule.group) return { label: rule.group.name, icon: 'i-lucide-users' }
  if (rule.role) return { label: `${roleLooks[rule.role].label}s`, icon: 'i-lucide-shield' }
  return { label: 'Everyone', icon: 'i-lucide-globe' }
}

/** `.*` in words; any other pattern as it is. */
export function toPatternText(pattern: string): string {
  return pattern === '.*' ? 'Every model' : pattern
}

/** Names that people type one per line or with commas. */
export function readNames(text: string): readonly string[] {
  const names = text.split(/[\n,]/).map((name) => name.trim())
  return [...new Set(names.filter((name) => name !== ''))].slice(0, 40)
}

type Tried = Extract<ResultOf<typeof TryRule>['tryRule'], { __typename: 'TryRuleSuccess' }>

/** What the server found, as the trial panel shows it. */
export function toTrial(tried: Tried, days: number): Trial {
  const { newlyRefused, newlyAllowed } = tried
  const lines = [
    ...(newlyRefused.requests > 0
      ? [{ tone: 'refused' as const, text: toSentence('refused', newlyRefused, days) }]
      : []),
    ...(newlyAllowed.requests > 0
      ? [{ tone: 'allowed' as const, text: toSentence('allowed', newlyAllowed, days) }]
      : []),
  ]
  return {
    lines: lines.length > 0 ? lines : [{ tone: 'same', text: toNoChange(days) }],
    examples: tried.examples.map((one, index) => ({
      id: String(index),
      tone: one.allowed ? 'allowed' : 'refused',
      title: `${one.apiKey?.name ?? 'A key that is gone'} · ${one.model}`,
      detail: [one.owner?.displayName, one.provider?.name].filter((part) => part !== undefined).join(' · '),
      requests: one.requests,
    })),
    requests: tried.requests,
  }
}
