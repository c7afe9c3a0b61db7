import { z } from 'zod'
import { NotFound } from '../lib/problems.ts'
import { isId, parse } from '../lib/text.ts'
import { RuleIndex } from '../rules/evaluate.ts'
import { type RuleTerms, termsSchema } from '../rules/rule.ts'
import { requireTargets } from '../rules/rules.service.ts'
import { findRule, listTerms } from '../rules/rules.store.ts'
import type { Act } from '../users/viewer.ts'
import { compareRules, MAX_TRIAL_DAYS, type RuleTrial } from './rule-trial.ts'
import { readModelRestrictions, readPeople, readTraffic } from './try-rule.store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
// An id that no stored rule has.
const UNSAVED = '00000000-0000-0000-0000-000000000000'

const trialSchema = z.object({
  days: z
    .number()
    .int()
    .min(1, 'must be 1 or more.')
    .max(MAX_TRIAL_DAYS, `must be ${MAX_TRIAL_DAYS} or fewer.`)
    .nullish(),
})

type Trial = z.input<typeof termsSchema> & z.input<typeof trialSchema> & { readonly ruleId?: string | null | undefined }

/** The rule as it would be stored, without being stored. */
async function readTerms(act: Act, { ruleId, days: _, ...input }: Trial): Promise<RuleTerms> {
  const { prisma } = act.parts.db
  const given = parse(termsSchema, input)
  const replaced = ruleId == null ? null : isId(ruleId) ? await findRule(prisma, { id: ruleId, deletedAt: null }) : null
  if (ruleId != null && !replaced) throw new NotFound('rule')
  await requireTargets(prisma, given)
  return {
    id: replaced?.id ?? UNSAVED,
    enabled: given.enabled ?? true,
    effect: given.effect,
    modelPattern: given.modelPattern,
    userId: given.userId ?? null,
    groupId: given.groupId ?? null,
    role: given.role ?? null,
    providerId: given.providerId ?? null,
  }
}

/**
 * What an unsaved rule, or a changed one, would have done to the requests of the last days (whole hours), with people,
 * groups and all other rules as they are now. Nothing is stored. Throws `InvalidInput`, `NotFound`.
 */
export async function tryRule(act: Act, input: Trial): Promise<RuleTrial> {
  const { clock, db } = act.parts
  const { days } = parse(trialSchema, { days: input.days })
  const terms = await readTerms(act, input)
  const to = clock.now()
  const from = new Date(Math.floor((to.getTime() - (days ?? 7) * DAY_MS) / HOUR_MS) * HOUR_MS)
  const [rules, traffic, people, restrictions] = await Promise.all([
    listTerms(db.prisma),
    readTraffic(db.pool, from, to),
    readPeople(db.pool),
    readModelRestrictions(db.pool),
  ])
  const before = new RuleIndex(rules)
  const after = new RuleIndex(rules)
  after.set(terms)
  return { from, to, ...compareRules(traffic, { before, after, people, restrictions }) }
}
