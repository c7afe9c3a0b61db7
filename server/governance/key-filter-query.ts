import { z } from 'zod'
import { REVIEW_STATES, STATUSES } from '../keys/key.ts'
import type { ApiKeyFilter } from '../keys/key-filter.store.ts'
import { readDate } from '../lib/export.ts'

const text = z.string().nullable()
const flag = z
  .string()
  .nullable()
  .transform((value) => value === 'true')
const date = text.transform(readDate)
const list = z.string().transform((value) => value.split(','))
const anyOf = <const Word extends string>(words: readonly Word[]) => list.pipe(z.array(z.enum(words))).nullable()

/** `cost centre:42,team:blue`: own fields with their values. */
const fields = list
  .transform((pairs) => pairs.map((pair) => /^([^:]*):(.*)$/s.exec(pair) ?? []))
  .transform((pairs) => pairs.map(([, name = '', value = '']) => ({ name, value })))
  .nullable()

const members = {
  search: text,
  ownerId: text,
  creatorId: text,
  providerId: text,
  status: anyOf(STATUSES),
  type: list.nullable(),
  purpose: text,
  application: text,
  environment: text,
  fields,
  reviewState: anyOf(REVIEW_STATES),
  deleted: flag,
  neverUsed: flag,
  idleSince: date,
  expiresBefore: date,
  expiresAfter: date,
  createdAfter: date,
} as const satisfies Readonly<Record<keyof ApiKeyFilter, z.ZodType>>

/**
 * The filter of `apiKeys` out of an address, under the same names; several statuses, types or fields stand between
 * commas. Null: it asks for a status that no key has.
 */
export function readKeyFilter(ask: (name: string) => string | null): ApiKeyFilter | null {
  const given = Object.fromEntries(Object.keys(members).map((name) => [name, ask(name)]))
  const read = z.object(members).safeParse(given)
  return read.success ? read.data : null
}
