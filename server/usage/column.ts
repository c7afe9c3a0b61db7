/** Arrays for PostgreSQL in its text form. The driver would look at each value twice to find out what it is. */

const writeText = (value: string | null) =>
  value === null ? 'NULL' : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

/** Any texts. */
export const texts = (values: readonly (string | null)[]): string => `{${values.map(writeText).join()}}`

/** Ids, names of enums and other texts without a mark in them. */
export const words = (values: readonly (string | null)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join()}}`

/** Numbers; what is none is null. */
export const numbers = (values: readonly number[]): string => {
  let text = ''
  for (const value of values) text += Number.isNaN(value) ? ',NULL' : `,${value}`
  return `{${text.slice(1)}}`
}
