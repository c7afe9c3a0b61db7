import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Decision, type Question, RuleIndex } from './evaluate.ts'
import { compilePattern } from './pattern.ts'
import type { RuleTerms } from './rule.ts'

const everyone = { userId: null, groupId: null, role: null, providerId: null }
const rule = (id: string, set: Partial<RuleTerms> = {}): RuleTerms => ({
  id,
  enabled: true,
  effect: 'ALLOW',
  modelPattern: '.*',
  ...everyone,
  ...set,
})
const ada: Question = { userId: 'ada', role: 'USER', groupIds: ['staff'], providerId: 'openai', model: 'gpt-4' }

/** PRODUCT.md word by word: an enabled allow rule that matches, and no enabled deny rule that does. */
function naive(rules: readonly RuleTerms[], question: Question): Decision {
  const matching = rules
    .filter(({ enabled }) => enabled)
    .filter(({ userId }) => userId === null || userId === question.userId)
    .filter(({ groupId }) => groupId === null || question.groupIds.includes(groupId))
    .filter(({ role }) => role === null || role === question.role)
    .filter(({ providerId }) => providerId === null || providerId === question.providerId)
    .filter(({ modelPattern }) => compilePattern(modelPattern)(question.model))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const denying = matching.find(({ effect }) => effect === 'DENY')
  const allowing = matching.find(({ effect }) => effect === 'ALLOW')
  return { allowed: !denying && allowing !== undefined, by: denying?.id ?? allowing?.id ?? null }
}

describe('a decision', () => {
  test('is no without a rule, yes by an allowing one, no by a denying one', () => {
    const rules = new RuleIndex()
    expect(rules.decide(ada)).toEqual({ allowed: false, by: null })
    rules.set(rule('1'))
    expect(rules.decide(ada)).toEqual({ allowed: true, by: '1' })
    rules.set(rule('2', { effect: 'DENY', modelPattern: 'gpt-4' }))
    expect(rules.decide(ada)).toEqual({ allowed: false, by: '2' })
    rules.set(rule('2', { effect: 'DENY', modelPattern: 'gpt-4', enabled: false }))
    expect(rules.decide(ada)).toEqual({ allowed: true, by: '1' })
    rules.remove('1')
    expect(rules.decide(ada)).toEqual({ allowed: false, by: null })
  })

  test('follows the groups and the role of whoever asks', () => {
    const rules = new RuleIndex([rule('1', { groupId: 'staff' }), rule('2', { effect: 'DENY', role: 'AUDITOR' })])
    expect(rules.decide(ada).allowed).toBe(true)
    expect(rules.decide({ ...ada, groupIds: [] }).allowed).toBe(false)
    expect(rules.decide({ ...ada, role: 'AUDITOR' })).toEqual({ allowed: false, by: '2' })
    expect(rules.decide(ada).allowed).toBe(true)
  })

  test('errs towards no when a stored pattern can no longer be read', () => {
    expect(new RuleIndex([rule('1', { modelPattern: '(' })]).decide(ada).allowed).toBe(false)
    const broken = rule('2', { modelPattern: '(', effect: 'DENY' })
    expect(new RuleIndex([rule('1'), broken]).decide(ada)).toEqual({ allowed: false, by: '2' })
  })

  const user = fc.constantFrom('u1', 'u2', 'u3')
  const group = fc.constantFrom('g1', 'g2', 'g3')
  const role = fc.constantFrom('ADMINISTRATOR' as const, 'AUDITOR' as const, 'USER' as const)
  const provider = fc.constantFrom('p1', 'p2')
  const pattern = fc.constantFrom(
    '.*',
    'gpt-4',
    'gpt-.*',
    'gpt-4o?',
    '(gpt|o)-?[14].*',
    'o1|gpt-4',
    '^o1$',
    'gpt-4\\.1',
    '(?i)GPT-4',
    'a+',
    '.*-mini',
    '.*gpt.*',
    '.*4',
    'gpt.*mini',
    '(azure/)?gpt-4',
  )
  const model = fc.constantFrom(
    'gpt-4',
    'gpt-4o',
    'gpt-4.1',
    'gpt-4x1',
    'o1',
    'aa',
    'GPT-4',
    'gpt-4-mini',
    'azure/gpt-4',
  )
  const target = fc.oneof(
    user.map((userId) => ({ ...everyone, userId })),
    group.map((groupId) => ({ ...everyone, groupId })),
    role.map((one) => ({ ...everyone, role: one })),
    fc.constant(everyone),
  )
  const terms = fc
    .record({
      id: fc.constantFrom('r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7'),
      enabled: fc.boolean(),
      effect: fc.constantFrom('ALLOW' as const, 'DENY' as const),
      modelPattern: pattern,
      target,
      providerId: fc.option(provider),
    })
    .map(({ target: who, ...rest }): RuleTerms => ({ ...who, ...rest }))
  const question = fc.record({
    userId: user,
    role,
    groupIds: fc.uniqueArray(group).map((ids) => ids.toSorted()),
    providerId: provider,
    model,
  })
  const step = fc.oneof(
    { weight: 3, arbitrary: question.map((asked) => ({ asked })) },
    { weight: 2, arbitrary: terms.map((set) => ({ set })) },
    { weight: 1, arbitrary: terms.map(({ id }) => ({ remove: id })) },
  )

  test('is that of a naive evaluator, after any changes in any order, asked once or again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, remembered) => {
        const index = new RuleIndex([], remembered)
        const rules = new Map<string, RuleTerms>()
        for (const one of steps) {
          if ('set' in one) {
            index.set(one.set)
            rules.set(one.set.id, one.set)
          } else if ('remove' in one) {
            index.remove(one.remove)
            rules.delete(one.remove)
          } else expect(index.decide(one.asked)).toEqual(naive([...rules.values()], one.asked))
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('of many questions after each change is that of a naive evaluator', () => {
    const questions = fc.array(question, { minLength: 5, maxLength: 20 })
    fc.assert(
      fc.property(questions, fc.array(terms, { minLength: 1, maxLength: 12 }), (asked, changes) => {
        const index = new RuleIndex()
        const rules = new Map<string, RuleTerms>()
        for (const one of changes) {
          index.set(one)
          rules.set(one.id, one)
          for (const each of asked) expect(index.decide(each)).toEqual(naive([...rules.values()], each))
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('10,000 rules that cannot match', () => {
  const noise = Array.from({ length: 10_000 }, (_, at): RuleTerms => {
    const kinds = [
      { userId: `user-${at}` },
      { groupId: `group-${at}` },
      { providerId: `provider-${at}` },
      { modelPattern: `model-${at}` },
      { modelPattern: `family-${at}-.*` },
      { modelPattern: `(.*/)?tuned-${at}(-\\d+)?` },
    ]
    return rule(`noise-${at}`, { effect: at % 2 ? 'DENY' : 'ALLOW', ...kinds[at % kinds.length] })
  })
  const rules = new RuleIndex([...noise, rule('yes', { modelPattern: 'gpt-[45].*' })])

  test('cost no pattern: the first decision runs one, the same again none', () => {
    expect(rules.decide(ada)).toEqual({ allowed: true, by: 'yes' })
    expect(rules.evaluated).toBe(1)
    for (let count = 0; count < 1_000; count++) rules.decide(ada)
    expect(rules.evaluated).toBe(1)
    rules.decide({ ...ada, model: 'gpt-5' })
    expect(rules.evaluated).toBe(2)
  })

  test('cost no pattern either where all of them begin with anything', () => {
    const ends = Array.from({ length: 10_000 }, (_, at) =>
      rule(`end-${at}`, { modelPattern: [`.*xyz-${at}`, `.*xyz-${at}-.*`][at % 2] ?? '' }),
    )
    const index = new RuleIndex(ends)
    expect(index.decide({ ...ada, model: 'a-xy-1' })).toEqual({ allowed: false, by: null })
    expect(index.evaluated).toBe(0)
    expect(index.decide({ ...ada, model: 'a-xyz-1234' })).toEqual({ allowed: true, by: 'end-1234' })
    // xyz-12 and xyz-1234: the plain parts of the others do not stand in the name.
    expect(index.evaluated).toBe(2)
  })

  test('keep what is remembered when one of them changes, and lose it when it could matter', () => {
    const before = rules.evaluated
    rules.set(rule('noise-0', { userId: 'user-0', effect: 'DENY' }))
    rules.set(rule('noise-4', { modelPattern: 'family-4-.*', effect: 'DENY' }))
    rules.decide(ada)
    expect(rules.evaluated).toBe(before)
    rules.set(rule('new', { modelPattern: 'gpt-.*', effect: 'DENY' }))
    expect(rules.decide(ada)).toEqual({ allowed: false, by: 'new' })
    rules.remove('new')
    expect(rules.decide(ada).allowed).toBe(true)
  })
})
