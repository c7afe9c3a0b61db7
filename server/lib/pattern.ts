import { RE2JS } from 're2js'

/** A regular expression that people wrote, in an engine whose time grows with the text and with nothing else. */
export type Pattern = {
  /** True when the whole text matches. */
  matches(text: string): boolean
}

/** The pattern, or why it is none. Look-around and back-references do not exist in such an engine. */
export function readPattern(source: string): Pattern | { readonly error: string } {
  try {
    const expression = RE2JS.compile(source)
    return { matches: (text) => expression.testExact(text) }
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown error'
    return { error: message.replace(/^error parsing regexp: /, '').slice(0, 200) }
  }
}

const MAX_COMPILED = 1_000
const compiled = new Map<string, Pattern>()

/** A pattern that was checked when it was stored. Compiled once, since a bulk check asks for the same one every time. */
export function getPattern(source: string): Pattern {
  const known = compiled.get(source)
  if (known) return known
  const pattern = readPattern(source)
  if ('error' in pattern) throw new Error(`a stored pattern cannot be read: ${pattern.error}`)
  if (compiled.size >= MAX_COMPILED) compiled.clear()
  compiled.set(source, pattern)
  return pattern
}
