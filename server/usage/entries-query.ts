import { z } from 'zod'
import { UsageEnd } from '../generated/prisma/enums.ts'
import { type Ask, readDate } from '../lib/export.ts'
import type { UsageEntryFilter } from './entries.store.ts'

const text = z.string().nullable()
const date = text.transform(readDate)
const list = z.string().transform((value) => value.split(','))

const members = {
  from: date,
  to: date,
  ownerId: text,
  keyId: text,
  providerId: text,
  answeredById: text,
  model: text,
  status: list
    .transform((all) => all.map(Number))
    .pipe(z.array(z.number().int().min(0).max(999)))
    .nullable(),
  code: list.nullable(),
  end: list.pipe(z.array(z.enum(UsageEnd))).nullable(),
  errorsOnly: text.transform((value) => value === 'true'),
} as const satisfies Readonly<Record<keyof UsageEntryFilter, z.ZodType>>

/**
 * The filter of `usageEntries` out of an address, under the same names; several statuses, codes or ends stand between
 * commas. Null: it asks for what no request has.
 */
export function readEntryFilter(ask: Ask): UsageEntryFilter | null {
  const given = Object.fromEntries(Object.keys(members).map((name) => [name, ask(name)]))
  const read = z.object(members).safeParse(given)
  return read.success ? read.data : null
}
