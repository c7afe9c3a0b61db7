/** What a spreadsheet would take for a formula; the others begin a new cell or line in some of them. */
const FORMULA = /^[=+\-@\t\r]/

/** One cell: an apostrophe before what looks like a formula, so that it is shown and never run. */
function toCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = value instanceof Date ? value.toISOString() : String(value)
  const safe = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** One line of a CSV file as RFC 4180 has it, with its line break. */
export const csvLine = (values: readonly unknown[]): string => `${values.map(toCell).join(',')}\r\n`
