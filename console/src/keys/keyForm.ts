import { z } from 'zod'
import type { Key } from './documents.ts'

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
  models: z.array(z.string().trim().min(1)).max(100, 'At most 100 entries'),
  addresses: z
    .array(
      z
        .string()
        .trim()
        .regex(/^[0-9a-fA-F.:]+(?:\/\d{1,3})?$/, 'Addresses or networks only, such as 203.0.113.0/24'),
    )
    .max(100, 'At most 100 entries'),
  /** Values of the own fields that keys of the type have. */
  fields: z.record(z.string(), optional),
  endpoints: z.array(
    z.enum(['CHAT', 'COMPLETIONS', 'EMBEDDINGS', 'MESSAGES', 'MODELS', 'RESPONSES', 'AUDIO', 'IMAGES']),
  ),
}

export const endpoints = [
  { value: 'CHAT', label: 'Chat' },
  { value: 'RESPONSES', label: 'Responses' },
  { value: 'MESSAGES', label: 'Messages' },
  { value: 'COMPLETIONS', label: 'Completions' },
  { value: 'EMBEDDINGS', label: 'Embeddings' },
  { value: 'AUDIO', label: 'Audio' },
  { value: 'IMAGES', label: 'Images' },
  { value: 'MODELS', label: 'Model list' },
] as const satisfies readonly { value: Key['endpoints'][number]; label: string }[]

export type Restrictions = Pick<Key, 'models' | 'addresses' | 'endpoints'>

/** The restrictions of a form, each entry once; an empty list restricts nothing. */
export function toRestrictions(state: Restrictions) {
  const once = (list: readonly string[]) => [...new Set(list.map((one) => one.trim()).filter((one) => one !== ''))]
  return { models: once(state.models), addresses: once(state.addresses), endpoints: [...state.endpoints] }
}

/** The own fields that the type has, as the API takes them; what is empty is cleared. */
export function toFields(values: Readonly<Record<string, string>>, known: readonly { readonly name: string }[]) {
  return known.map(({ name }) => ({ name, value: orNull(values[name] ?? '') }))
}

/** An empty text field means "none". */
export function orNull(value: string): string | null {
  const trimmed = value.trim()
  return trimmed === '' ? null : trimmed
}
