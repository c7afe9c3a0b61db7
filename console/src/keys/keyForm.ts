import { z } from 'zod'

const optional = z.string().trim().max(200, 'At most 200 characters')

/** The same bounds as the server's, so that most mistakes are told while typing; the server has the last word. */
export const keyFields = {
  name: z.string().trim().min(3, 'At least 3 characters').max(64, 'At most 64 characters'),
  type: z.string().min(1, 'Choose a type'),
  purpose: optional,
  application: optional,
  environment: optional,
  // Null is "never", so a day that is missing or past must not become one: the field hands over an empty text for it.
  expiresAt: z.string().min(1, 'Choose a day that is still to come').nullable(),
}

/** An empty text field means "none". */
export function orNull(value: string): string | null {
  const trimmed = value.trim()
  return trimmed === '' ? null : trimmed
}
