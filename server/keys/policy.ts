import { z } from 'zod'
import type { Endpoint } from '../generated/prisma/enums.ts'
import { readPattern } from '../lib/pattern.ts'
import { isId, name, optionalText } from '../lib/text.ts'
import { restrictionMembers } from './restriction.ts'

export const KEY_DETAILS = ['PURPOSE', 'APPLICATION', 'ENVIRONMENT'] as const
/** What of a key's own values can be demanded. */
export type KeyDetail = (typeof KEY_DETAILS)[number]

/** A field that an installation adds to the keys of a type. Without choices any text will do. */
export type PolicyField = { readonly name: string; readonly required: boolean; readonly choices: readonly string[] }

/** How keys of one type are made. Null and empty: no such rule. */
export type PolicyRules = {
  readonly namingPattern: string | null
  readonly namingExamples: readonly string[]
  readonly namingCounterexamples: readonly string[]
  readonly requiredDetails: readonly KeyDetail[]
  readonly fields: readonly PolicyField[]
  readonly defaultLifetimeDays: number | null
  readonly maxLifetimeDays: number | null
  readonly neverAllowed: boolean
  readonly approvalRequired: boolean
  readonly approverGroupId: string | null
  readonly maxKeysPerUser: number | null
  readonly providerIds: readonly string[]
  /** What a new key is restricted to when its maker says nothing. */
  readonly models: readonly string[]
  readonly addresses: readonly string[]
  readonly endpoints: readonly Endpoint[]
  readonly idleDays: number | null
  readonly rotationDays: number | null
}

export type Policy = PolicyRules & {
  readonly id: string
  readonly keyType: string
  readonly createdAt: Date
  readonly version: number
}

const MAX_DAYS = 3650
const MAX_PATTERN = 200
const MAX_EXAMPLES = 10
const MAX_FIELDS = 20
const MAX_CHOICES = 50
const MAX_PROVIDERS = 100
const RESERVED = ['name', 'purpose', 'application', 'environment']

const days = z.int('must be whole days.').min(1, 'must be 1 or more.').max(MAX_DAYS, `must be ${MAX_DAYS} or less.`)
const examples = z.array(name({ min: 1 })).max(MAX_EXAMPLES, `must have ${MAX_EXAMPLES} or fewer.`)

const pattern = z
  .string()
  .min(1, 'must not be empty.')
  .max(MAX_PATTERN, `must have ${MAX_PATTERN} characters or fewer.`)
  .superRefine((source, context) => {
    const read = readPattern(source)
    if ('error' in read) context.addIssue({ code: 'custom', message: `is not a regular expression: ${read.error}.` })
  })

const unique = (texts: readonly string[]) => new Set(texts.map((text) => text.toLowerCase())).size === texts.length

const field = z.object({
  name: name({ min: 1 }).refine((text) => !RESERVED.includes(text.toLowerCase()), 'is the name of a built-in value.'),
  required: z.boolean(),
  choices: z
    .array(name({ min: 1, max: 100 }))
    .max(MAX_CHOICES, `must have ${MAX_CHOICES} or fewer.`)
    .refine(unique, 'must not repeat one.'),
})

/** The form of a policy; what it refers to is checked against the database. */
export const policyRulesSchema = z
  .object({
    namingPattern: pattern.nullable(),
    namingExamples: examples,
    namingCounterexamples: examples,
    requiredDetails: z.array(z.enum(KEY_DETAILS)).transform((details) => [...new Set(details)]),
    fields: z
      .array(field)
      .max(MAX_FIELDS, `must have ${MAX_FIELDS} or fewer.`)
      .refine((fields) => unique(fields.map((one) => one.name)), 'must not have one name twice.'),
    defaultLifetimeDays: days.nullable(),
    maxLifetimeDays: days.nullable(),
    neverAllowed: z.boolean(),
    approvalRequired: z.boolean(),
    approverGroupId: z.string().refine(isId, 'is not an id.').nullable(),
    maxKeysPerUser: z.int('must be a whole number.').min(1, 'must be 1 or more.').max(10_000).nullable(),
    providerIds: z.array(z.string().refine(isId, 'is not an id.')).max(MAX_PROVIDERS),
    models: restrictionMembers.models.transform((models) => models ?? []),
    addresses: restrictionMembers.addresses.transform((addresses) => addresses ?? []),
    endpoints: restrictionMembers.endpoints.transform((endpoints) => endpoints ?? []),
    idleDays: days.nullable(),
    rotationDays: days.nullable(),
  })
  .superRefine((rules, context) => {
    for (const { path, message } of [...lifetimeIssues(rules), ...namingIssues(rules)]) {
      context.addIssue({ code: 'custom', path: [...path], message })
    }
  })

type Issue = { readonly path: readonly (string | number)[]; readonly message: string }

function* lifetimeIssues({ defaultLifetimeDays, maxLifetimeDays, neverAllowed }: PolicyRules): Generator<Issue> {
  if (maxLifetimeDays === null) return
  if (neverAllowed) yield { path: ['neverAllowed'], message: 'contradicts a maximum lifetime.' }
  if ((defaultLifetimeDays ?? 0) > maxLifetimeDays) {
    yield { path: ['defaultLifetimeDays'], message: 'must not be more than the maximum lifetime.' }
  }
}

/** A pattern is proven by its examples; a message about a refused name shows the first one. */
function* namingIssues({ namingPattern, namingExamples, namingCounterexamples }: PolicyRules): Generator<Issue> {
  if (namingPattern === null) return
  const read = readPattern(namingPattern)
  if ('error' in read) return
  if (namingExamples.length === 0) {
    yield { path: ['namingExamples'], message: 'must have a name that matches the pattern.' }
  }
  for (const [index, text] of namingExamples.entries()) {
    if (!read.matches(text)) yield { path: ['namingExamples', index], message: 'does not match the pattern.' }
  }
  for (const [index, text] of namingCounterexamples.entries()) {
    if (read.matches(text)) yield { path: ['namingCounterexamples', index], message: 'matches the pattern.' }
  }
}

/** A policy as audit entries name one: by the type of its keys. */
export const subjectOf = ({ id, keyType }: Policy) => ({ subjectType: 'Policy', subjectId: id, subjectName: keyType })

/** Of a key type without a policy. */
export const NO_RULES: PolicyRules = {
  namingPattern: null,
  namingExamples: [],
  namingCounterexamples: [],
  requiredDetails: [],
  fields: [],
  defaultLifetimeDays: null,
  maxLifetimeDays: null,
  neverAllowed: false,
  approvalRequired: false,
  approverGroupId: null,
  maxKeysPerUser: null,
  providerIds: [],
  models: [],
  addresses: [],
  endpoints: [],
  idleDays: null,
  rotationDays: null,
}

/** The stored form of own fields, read back. */
export const policyFieldsSchema = z.array(
  z.object({ name: z.string(), required: z.boolean(), choices: z.array(z.string()) }),
)

/** Values of own fields as a caller gives them, with the name of each; an empty or null value clears it. */
export const fieldValuesSchema = z
  .array(z.object({ name: z.string().max(64), value: optionalText(200) }))
  .max(MAX_FIELDS)
  .refine((values) => unique(values.map((one) => one.name)), 'must not have one name twice.')
  .nullish()

/** The stored form of a key's field values, read back. */
export const storedFieldsSchema = z.record(z.string(), z.string())

type FieldValue = { readonly name: string; readonly value?: string | null | undefined }

/** The field values after an edit. */
export function withFields(known: Readonly<Record<string, string>>, given: readonly FieldValue[] | null | undefined) {
  const values = new Map(Object.entries(known))
  for (const { name: field, value } of given ?? []) {
    if (value == null) values.delete(field)
    else values.set(field, value)
  }
  return Object.fromEntries(values)
}
