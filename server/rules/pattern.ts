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

/** What a pattern says without the engine: the one name it stands for, or how every name it matches begins. */
export type Shape = { readonly exact: string } | { readonly prefix: string }

/**
 * A choice has two beginnings; flags and `\Q…\E` change what stands beside them, and vanish before a repetition, which
 * then is one of what stands before them: `a(?i)?` matches the empty name.
 */
const UNCLEAR = /\||\(\?|\\[QE]/

const LITERAL = /^[A-Za-z0-9_\-/:@ ]$/

/**
 * Reads the plain beginning of a pattern, so that rules for other models cost a request nothing. It errs towards a
 * shorter beginning: whatever it answers, every match begins with it.
 */
export function shapeOf(pattern: string): Shape {
  if (UNCLEAR.test(pattern)) return { prefix: '' }
  let prefix = ''
  let at = pattern.startsWith('^') ? 1 : 0
  for (; at < pattern.length; at++) {
    const character = pattern[at] ?? ''
    const escaped = pattern[at + 1] ?? ''
    if (LITERAL.test(character)) prefix += character
    else if (character === '\\' && /^[^A-Za-z0-9\s]$/.test(escaped) && escaped <= '~') {
      prefix += escaped
      at++
    } else break
  }
  const rest = pattern.slice(at)
  if (rest === '' || rest === '$') return { exact: prefix }
  // These say that the character before them may be missing.
  return { prefix: /^[*?{]/.test(rest) ? prefix.slice(0, -1) : prefix }
}
