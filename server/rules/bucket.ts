import type { Shape } from './pattern.ts'
import { Texts } from './texts.ts'

/** Rules for the same people and provider, found by the plain parts of their patterns. */
export class Bucket<Rule extends { readonly shape: Shape }> {
  readonly #exact = new Texts<Set<Rule>>()
  /** By how names begin, and then by what they contain. */
  readonly #others = new Texts<Texts<Set<Rule>>>()

  get isEmpty(): boolean {
    return this.#exact.size === 0 && this.#others.size === 0
  }

  add(rule: Rule): void {
    const { shape } = rule
    if ('exact' in shape) put(this.#exact, shape.exact, rule)
    else
      put(
        this.#others.ensure(shape.prefix, () => new Texts()),
        shape.needle,
        rule,
      )
  }

  delete(rule: Rule): void {
    const { shape } = rule
    if ('exact' in shape) return take(this.#exact, shape.exact, rule)
    const contained = this.#others.get(shape.prefix)
    if (!contained) return
    take(contained, shape.needle, rule)
    if (contained.size === 0) this.#others.delete(shape.prefix)
  }

  /** Puts the rules whose plain parts the model has into a list: no other rule is looked at. */
  collect(model: string, into: Rule[]): void {
    for (const rule of this.#exact.get(model) ?? []) into.push(rule)
    for (const contained of this.#others.beginningsOf(model)) {
      for (const rules of contained.partsOf(model)) for (const rule of rules) into.push(rule)
    }
  }
}

function put<Rule>(texts: Texts<Set<Rule>>, text: string, rule: Rule): void {
  texts.ensure(text, () => new Set()).add(rule)
}

function take<Rule>(texts: Texts<Set<Rule>>, text: string, rule: Rule): void {
  const rules = texts.get(text)
  rules?.delete(rule)
  if (rules?.size === 0) texts.delete(text)
}
