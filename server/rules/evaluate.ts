import { LRUCache } from 'lru-cache'
import type { Role } from '../generated/prisma/enums.ts'
import { type Caching, joinCaching } from '../keys/caching.ts'
import { Bucket } from './bucket.ts'
import { compilePattern, type PatternMatcher, type Shape, shapeOf } from './pattern.ts'
import type { RuleTerms } from './rule.ts'

/** Who asks which provider for which model. */
export type Question = {
  readonly userId: string
  readonly role: Role
  readonly groupIds: readonly string[]
  readonly providerId: string
  readonly model: string
}

/** `by` is the rule that decided: of several the one with the smallest id; null when none allows it. */
export type Decision = {
  readonly allowed: boolean
  readonly by: string | null
  /** What all rules that allow it say together of giving an answer again; left out: nothing. */
  readonly caching?: Caching
}

type Compiled = { readonly terms: RuleTerms; readonly shape: Shape; matches(model: string): boolean }

type Remembered = { readonly question: Question; readonly decision: Decision }

const DEFAULT_DENY: Decision = { allowed: false, by: null }
const MAX_REMEMBERED = 50_000
const ANY = '*'
/** What most rules say: they need no engine. */
const EVERY_MODEL = '.*'

/**
 * All rules, ready to decide. A decision looks only at rules for this person, their groups, their role and everyone,
 * for this provider and any, whose plain parts the model has; decisions are remembered until a rule that could change
 * them does. The order in which rules came makes no difference.
 */
export class RuleIndex {
  readonly #rules = new Map<string, Compiled>()
  readonly #buckets = new Map<string, Bucket<Compiled>>()
  readonly #remembered: LRUCache<string, Remembered>
  #evaluated = 0

  constructor(rules: readonly RuleTerms[] = [], maxRemembered = MAX_REMEMBERED) {
    this.#remembered = new LRUCache({ max: maxRemembered })
    for (const terms of rules) this.set(terms)
  }

  /** How many patterns have been run since it was made: what decisions cost, independent of the machine. */
  get evaluated(): number {
    return this.#evaluated
  }

  /** Takes a rule over in place of what it was before. A disabled one is as good as none. */
  set(terms: RuleTerms): void {
    this.remove(terms.id)
    if (!terms.enabled) return
    const compiled = this.#compile(terms)
    this.#rules.set(terms.id, compiled)
    this.#bucketFor(keyOf(terms)).add(compiled)
    this.#forget(compiled)
  }

  remove(id: string): void {
    const compiled = this.#rules.get(id)
    if (!compiled) return
    this.#rules.delete(id)
    const key = keyOf(compiled.terms)
    const bucket = this.#bucketFor(key)
    bucket.delete(compiled)
    if (bucket.isEmpty) this.#buckets.delete(key)
    this.#forget(compiled)
  }

  /** From memory: never waits, and asks no database. */
  decide(question: Question): Decision {
    const key = `${question.userId} ${question.providerId} ${question.model}`
    const known = this.#remembered.get(key)
    // A changed role or membership is another question.
    if (known && known.question.role === question.role && isSameList(known.question.groupIds, question.groupIds)) {
      return known.decision
    }
    const decision = this.#evaluate(question)
    this.#remembered.set(key, { question, decision })
    return decision
  }

  #evaluate(question: Question): Decision {
    const matches = (rule: Compiled) => rule.matches(question.model)
    const denied = this.#candidates('DENY', question).find(matches)
    if (denied) return { allowed: false, by: denied.terms.id }
    const candidates = this.#candidates('ALLOW', question)
    const allowed = candidates.find(matches)
    if (!allowed) return DEFAULT_DENY
    const caching = joinCaching(
      candidates
        .filter(({ terms }) => terms.cacheSeconds)
        .filter(matches)
        .map(cachingOf),
    )
    return { allowed: true, by: allowed.terms.id, ...(caching && { caching }) }
  }

  #candidates(effect: RuleTerms['effect'], question: Question): readonly Compiled[] {
    const candidates: Compiled[] = []
    for (const target of targetsOf(question)) {
      for (const provider of [question.providerId, ANY]) {
        this.#buckets.get(bucketKey(effect, target, provider))?.collect(question.model, candidates)
      }
    }
    return candidates.sort((a, b) => (a.terms.id < b.terms.id ? -1 : 1))
  }

  /** Drops the remembered decisions that this rule can have made, or could make. */
  #forget({ terms, shape }: Compiled): void {
    const stale: string[] = []
    for (const [key, { question }] of this.#remembered.entries()) {
      if (isAbout(terms, question) && hasShape(shape, question.model)) stale.push(key)
    }
    for (const key of stale) this.#remembered.delete(key)
  }

  #bucketFor(key: string): Bucket<Compiled> {
    const known = this.#buckets.get(key)
    if (known) return known
    const bucket = new Bucket<Compiled>()
    this.#buckets.set(key, bucket)
    return bucket
  }

  #compile(terms: RuleTerms): Compiled {
    const shape = shapeOf(terms.modelPattern)
    if ('exact' in shape) return { terms, shape, matches: (model) => shape.exact === model }
    if (terms.modelPattern === EVERY_MODEL) return { terms, shape, matches: (model) => !model.includes('\n') }
    // Most rules of a large installation never meet a request on this node, so they are compiled when one needs them;
    // those that any request may need are compiled now, rather than all together when one comes.
    let matcher = shape.prefix === '' && shape.needle === '' ? compileStored(terms) : null
    const matches = (model: string) => {
      this.#evaluated++
      matcher ??= compileStored(terms)
      return matcher(model)
    }
    return { terms, shape, matches }
  }
}

/** A stored pattern that no longer compiles errs towards "no": it denies everything, and allows nothing. */
function compileStored({ modelPattern, effect }: RuleTerms): PatternMatcher {
  try {
    return compilePattern(modelPattern)
  } catch {
    return () => effect === 'DENY'
  }
}

const cachingOf = ({ terms }: Compiled): Caching => ({
  seconds: terms.cacheSeconds ?? 0,
  shared: terms.cacheShared ?? false,
})

const bucketKey = (effect: string, target: string, provider: string) => `${effect} ${target} ${provider}`

const targetOf = ({ userId, groupId, role }: RuleTerms): string => userId ?? groupId ?? role ?? ANY

const keyOf = (terms: RuleTerms) => bucketKey(terms.effect, targetOf(terms), terms.providerId ?? ANY)

const targetsOf = ({ userId, groupIds, role }: Question) => [userId, ...groupIds, role, ANY]

function isAbout({ userId, groupId, role, providerId }: RuleTerms, question: Question): boolean {
  if (providerId !== null && providerId !== question.providerId) return false
  if (userId !== null) return userId === question.userId
  if (groupId !== null) return question.groupIds.includes(groupId)
  return role === null || role === question.role
}

const hasShape = (shape: Shape, model: string) =>
  'exact' in shape ? shape.exact === model : model.startsWith(shape.prefix) && model.includes(shape.needle)

const isSameList = (a: readonly string[], b: readonly string[]) =>
  a === b || (a.length === b.length && a.every((value, at) => value === b[at]))
