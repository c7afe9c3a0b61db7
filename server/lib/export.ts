import { csvLine } from './csv.ts'
import { FIRST_ID } from './page.ts'
import { isId, isInstant } from './text.ts'

export type Format = 'csv' | 'json' | 'jsonl'
export type Lines = AsyncGenerator<string>
/** What an address says under a name; null: nothing. */
export type Ask = (name: string) => string | null

/** Rows as text, written while they are read: the memory it takes does not grow with their number. */
export async function* writeRows(
  columns: readonly string[],
  batches: AsyncIterable<readonly object[]>,
  format: Format,
): Lines {
  if (format === 'csv') yield csvLine(columns)
  if (format === 'json') yield '[\n'
  let first = true
  for await (const batch of batches) {
    let text = ''
    for (const row of batch) {
      const values: Readonly<Record<string, unknown>> = { ...row }
      if (format === 'csv') text += csvLine(columns.map((column) => plain(values[column])))
      else
        text += `${format === 'json' && !first ? ',\n' : ''}${JSON.stringify(pick(columns, values))}${format === 'jsonl' ? '\n' : ''}`
      first = false
    }
    yield text
  }
  if (format === 'json') yield '\n]\n'
}

const plain = (value: unknown) =>
  value !== null && typeof value === 'object' && !(value instanceof Date) ? JSON.stringify(value) : value

const pick = (columns: readonly string[], values: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(columns.map((column) => [column, values[column] ?? null]))

/** An id out of an address; one that is none finds nothing. */
export const readOneId = (text: string | null) => (text === null || isId(text) ? text : FIRST_ID)

/** An instant out of an address; null: there is none. */
export function readDate(text: string | null): Date | null {
  const date = new Date(text ?? Number.NaN)
  return isInstant(date) ? date : null
}
