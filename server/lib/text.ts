import { z } from 'zod'
import { InvalidInput } from './problems.ts'

type Bounds = { readonly min: number; readonly max: number }

const NAME: Bounds = { min: 3, max: 64 }

// NUL cannot be stored; the others move a cursor, break a CSV row or a log line. Two separators act as line breaks.
const CONTROL = /[\p{Cc}\u2028\u2029]/u
// They show the characters after them in another order than they are stored: a name could pass for another one.
// Right-to-left letters need none of these; they carry their direction themselves.
const REORDERING = /[\u202A-\u202E\u2066-\u2069]/
// They show nothing: two names that differ in them only cannot be told apart. What joins or directs letters, and what
// emoji are made of, shows in its neighbours.
const INVISIBLE =
  /[\p{Default_Ignorable_Code_Point}--[\p{Join_Control}\p{Bidi_Control}\p{Variation_Selector}\u{E0020}-\u{E007F}]]|\u2800/v
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u

/** Characters as a person counts code points: an emoji outside the first 65,536 is one, not two. */
export function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

function problemsOf(text: string, { min, max }: Bounds): string[] {
  const problems: string[] = []
  // A code point is at most two units: this keeps a huge text from being counted.
  const count = text.length > 2 * max ? Number.POSITIVE_INFINITY : countCharacters(text)
  if (count < min) problems.push(min === 1 ? 'must not be empty.' : `must have ${min} characters or more.`)
  else if (count > max) problems.push(`must have ${max} characters or fewer.`)
  if (!text.isWellFormed()) problems.push('must not contain half a character.')
  if (CONTROL.test(text)) problems.push('must not contain control characters.')
  if (REORDERING.test(text)) problems.push('must not contain characters that change the direction of the text.')
  if (INVISIBLE.test(text)) problems.push('must not contain invisible characters.')
  if (count >= min && count > 0 && !VISIBLE.test(text)) problems.push('must contain something visible.')
  return problems
}

const clean = (bounds: Bounds) =>
  z
    .string('must be a text.')
    .overwrite((text) => text.normalize('NFC').trim())
    .superRefine((text, context) => {
      for (const message of problemsOf(text, bounds)) context.addIssue({ code: 'custom', message })
    })

/**
 * A name people choose: trimmed, in Unicode normal form C, 3 to 64 characters unless other bounds are given. HTML,
 * formulas, right-to-left letters and emoji are ordinary content; who shows them escapes them.
 */
export const name = (bounds: Partial<Bounds> = {}) => clean({ ...NAME, ...bounds })

/** One line that may be left out: null clears it, so does an empty text; undefined leaves it as it is. */
export const optionalText = (max: number) => emptyIsNull(clean({ min: 0, max }))

const emptyIsNull = <Schema extends z.ZodType<string, string>>(schema: Schema) =>
  schema.nullish().transform((text) => (text === '' ? null : text))

/** True of the years 1 to 9999, which can be stored and written as they are; false of an invalid date. */
export const isInstant = (date: Date): boolean => date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999

/** An id as this product writes them. Another text can be the id of nothing. */
export const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)

/** True when none of the ids that are given is another text. */
export const areIds = (...texts: readonly (string | null | undefined)[]): boolean =>
  texts.every((text) => text == null || isId(text))

/** An edit, parsed: null is a value of these members; of the others it means the same as leaving them out. */
export function parseEdit<Schema extends z.ZodType>(schema: Schema, input: object, nullable: readonly string[]) {
  const given = Object.entries(input).filter(([member, value]) => value !== null || nullable.includes(member))
  return parse(schema, Object.fromEntries(given))
}

/** The parsed value, or `InvalidInput` with every issue. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw new InvalidInput(
    parsed.error.issues.map(({ path, message }) => ({
      path: path.join('.'),
      message,
    })),
  )
}
