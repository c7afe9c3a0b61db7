import { RE2JS, RE2JSSyntaxException } from 're2js'

/** Whether a whole model name is one that a pattern describes. */
export type PatternMatcher = (model: string) => boolean

/** What is wrong with a pattern, in a sentence that says where. */
export class BadPattern extends Error {
  override readonly name = 'BadPattern'
}

export const MAX_PATTERN = 500
/** The steps a pattern may take for each character of a model name. */
const MAX_PROGRAM = 2_000
/** Repetitions are written out by the engine: `(abc){100}` is as long as 100 of them. */
const MAX_WRITTEN_OUT = 10_000

/**
 * Compiles with an engine that needs time in proportion to the pattern and the model name, whatever both are: an
 * administrator's expression cannot hold the gateway up. Throws `BadPattern`.
 */
export function compilePattern(pattern: string): PatternMatcher {
  if (pattern.length > MAX_PATTERN) throw new BadPattern(`must have ${MAX_PATTERN} characters or fewer.`)
  if (writtenOut(pattern) > MAX_WRITTEN_OUT) throw new BadPattern('repeats too much: use smaller numbers in { }.')
  const compiled = compile(pattern)
  if (compiled.programSize() > MAX_PROGRAM) throw new BadPattern('is too complex: make it shorter or split it.')
  return (model) => compiled.testExact(model)
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) throw new BadPattern(explain(pattern, error))
    throw error
  }
}

/** At most this many characters when every repetition is written out. */
function writtenOut(pattern: string): number {
  let size = pattern.length
  for (const [, min, max] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) size *= Math.max(1, Number(max || min))
  return size
}

function explain(pattern: string, error: RE2JSSyntaxException): string {
  const description = error.getDescription()
  const part = error.getPattern()
  const at = placeOf(pattern, description, part)
  const shown = part !== null && part !== '' && part !== pattern ? ` (${part})` : ''
  return `is not a regular expression: ${description}${shown} at character ${at + 1}.`
}

/** Where the engine stopped. For brackets it names the whole pattern, so they are counted here. */
function placeOf(pattern: string, description: string, part: string | null): number {
  if (description.includes('closing') || description.includes('unexpected )')) return bracketAt(pattern)
  return Math.max(0, part === null ? 0 : pattern.indexOf(part))
}

/** The first closing bracket without an opening one, else the last opening one without a closing one. */
function bracketAt(pattern: string): number {
  const open: number[] = []
  let set = -1
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]
    if (character === '\\') at++
    else if (set >= 0) {
      if (character === ']' && at > set + 1) set = -1
    } else if (character === '[') set = at
    else if (character === '(') open.push(at)
    else if (character === ')' && open.pop() === undefined) return at
  }
  return set >= 0 ? set : (open.at(-1) ?? 0)
}

/**
 * What a pattern says without the engine: the one name it stands for; or how every name it matches begins, and a text
 * that every such name contains. Both may be empty.
 */
export type Shape = { readonly exact: string } | { readonly prefix: string; readonly needle: string }

/**
 * Flags and `\Q…\E` change what stands beside them, and vanish before a repetition, which then is one of what stands
 * before them: `a(?i)?` matches the empty name. Other escapes and named sets hold characters that would look plain.
 */
const UNCLEAR = /\(\?(?!:)|\\[^dDsSwWbBAz!-/:-@[-`{-~]|\[:/

const LITERAL = /^[A-Za-z0-9_\-/:@ ]$/
const REPETITION = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/
const NOTHING: Shape = { prefix: '', needle: '' }

/**
 * Reads the plain parts of a pattern, so that rules for other models cost a request next to nothing. It errs towards
 * less: whatever it answers, every match begins with the prefix and contains the needle.
 */
export function shapeOf(pattern: string): Shape {
  if (UNCLEAR.test(pattern)) return NOTHING
  const from = pattern.startsWith('^') && !REPETITION.test(pattern.slice(1)) ? 1 : 0
  const runs: string[] = []
  let run = ''
  const end = () => {
    runs.push(run)
    run = ''
  }
  for (let at = from; at < pattern.length; ) {
    const atom = atomAt(pattern, at)
    // A choice at the top has two beginnings, and nothing that both sides must have.
    if (atom.text === '|') return NOTHING
    at += atom.text.length
    const repetition = REPETITION.exec(pattern.slice(at))?.[0] ?? ''
    at += repetition.length
    // All but `+` say that what stands before them may be missing.
    if (atom.literal !== null && (repetition === '' || repetition.startsWith('+'))) run += atom.literal
    if (atom.literal === null || repetition !== '') end()
  }
  if (runs.length === 0 || (runs.length === 1 && run === '' && pattern.endsWith('$') && !pattern.endsWith('\\$'))) {
    return { exact: runs[0] ?? run }
  }
  end()
  return { prefix: runs[0] ?? '', needle: runs.reduce((longest, one) => (one.length > longest.length ? one : longest)) }
}

type Atom = {
  readonly text: string /** The character it stands for; null: none, or not always the same. */
  readonly literal: string | null
}

/** The unit that a repetition behind it would repeat. */
function atomAt(pattern: string, at: number): Atom {
  const character = pattern[at] ?? ''
  if (LITERAL.test(character)) return { text: character, literal: character }
  if (character === '\\') {
    const escaped = pattern[at + 1] ?? ''
    return { text: character + escaped, literal: /[A-Za-z]/.test(escaped) ? null : escaped }
  }
  if (character === '[') return { text: pattern.slice(at, endOfSet(pattern, at)), literal: null }
  if (character === '(') return { text: pattern.slice(at, endOfGroup(pattern, at)), literal: null }
  return { text: character, literal: null }
}

/** The offset behind a set, whose first character may be a bracket. */
function endOfSet(pattern: string, start: number): number {
  let at = pattern[start + 1] === '^' ? start + 2 : start + 1
  for (const first = at; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++
    else if (pattern[at] === ']' && at > first) return at + 1
  }
  return pattern.length
}

/** The offset behind a group and all groups in it. */
function endOfGroup(pattern: string, start: number): number {
  let depth = 0
  for (let at = start; at < pattern.length; at++) {
    const character = pattern[at]
    if (character === '\\') at++
    else if (character === '[') at = endOfSet(pattern, at) - 1
    else if (character === '(') depth++
    else if (character === ')' && --depth === 0) return at + 1
  }
  return pattern.length
}
