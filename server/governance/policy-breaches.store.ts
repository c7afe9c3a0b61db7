import type pg from 'pg'
import type { PolicyRules } from '../keys/policy.ts'
import type { Tx } from '../lib/db.ts'
import { FIRST_ID } from '../lib/page.ts'

/** Which keys are judged, by which rules: the living ones of a type at an instant. */
export type Judged = { readonly keyType: string; readonly rules: PolicyRules; readonly now: Date }

/** A living key as a policy sees it. */
export type GovernedKey = {
  readonly id: string
  readonly name: string
  readonly ownerId: string
  readonly providerId: string
  readonly purpose: string | null
  readonly application: string | null
  readonly environment: string | null
  readonly fields: Readonly<Record<string, string>>
  readonly expiresAt: Date | null
  /** When its current secret was made. */
  readonly since: Date
}

const KEYS = 'FROM api_keys k LEFT JOIN key_secrets s ON s.key_id = k.id AND s.superseded_at IS NULL'
// Both sides of the join begin after the id, or each page would read the secrets of all pages before it.
const LIVING = `${KEYS} AND s.key_id > $8
  WHERE k.id > $8 AND k.type = $1 AND k.deleted_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)`
const SINCE = 'coalesce(s.created_at, k.created_at)'

// What `policy-check.ts` says of one key, but for its name, said where a million of them are stored. A property test
// proves that the two agree.
const LATE = `(CASE WHEN k.expires_at IS NULL THEN NOT $3::boolean
  ELSE $4::int IS NOT NULL AND k.expires_at > ${SINCE} + make_interval(hours => 24 * $4) END)`
const SILENT = `('PURPOSE' = ANY($5::text[]) AND k.purpose IS NULL
  OR 'APPLICATION' = ANY($5) AND k.application IS NULL OR 'ENVIRONMENT' = ANY($5) AND k.environment IS NULL
  OR $6::jsonb <> '[]' AND EXISTS (
    SELECT FROM jsonb_to_recordset($6) AS field (name text, required boolean, choices jsonb)
    WHERE CASE WHEN k.fields ? field.name
      THEN field.choices <> '[]' AND NOT field.choices ? (k.fields ->> field.name) ELSE field.required END))`
const FOREIGN = `(cardinality($7::uuid[]) > 0 AND k.provider_id <> ALL($7))`
const BROKEN = `(${LATE} OR ${SILENT} OR ${FOREIGN})`

const valuesOf = ({ keyType, rules, now }: Judged, after: string) => [
  ...[keyType, now, rules.neverAllowed, rules.maxLifetimeDays, rules.requiredDetails],
  ...[JSON.stringify(rules.fields), rules.providerIds, after],
]

export type Counts = {
  readonly checked: number
  /** How many break the rules, their names aside. */
  readonly broken: number
  /** How many of them live too long. */
  readonly late: number
}

/** How many keys there are, and how many of them break the rules whatever they are called. */
export async function countJudged(pool: pg.Pool, judged: Judged): Promise<Counts> {
  const text = `SELECT count(*)::int AS checked, (count(*) FILTER (WHERE ${BROKEN}))::int AS broken,
    (count(*) FILTER (WHERE ${LATE}))::int AS late ${LIVING}`
  const { rows } = await pool.query<Counts>(text, valuesOf(judged, FIRST_ID))
  return rows[0] ?? { checked: 0, broken: 0, late: 0 }
}

// Which keys a page is made of.
const WANTED = {
  ALL: 'true',
  LATE,
  BROKEN,
} as const

/** A key, and whether it breaks the rules whatever it is called. */
export type Verdict = { readonly id: string; readonly name: string; readonly broken: boolean }
type Page = { readonly wanted: keyof typeof WANTED; readonly after: string; readonly take: number }

/** The next keys by id. */
export async function listVerdicts(pool: pg.Pool, judged: Judged, { wanted, after, take }: Page): Promise<Verdict[]> {
  const text = `SELECT k.id, k.name, ${BROKEN} AS broken ${LIVING} AND ${WANTED[wanted]}
    ORDER BY k.id LIMIT $9`
  const { rows } = await pool.query<Verdict>(text, [...valuesOf(judged, after), take])
  return rows
}

/** The names of the keys that break no other rule, so many at a time: one reading, as pages would sort them by id. */
export async function* readUnbrokenNames(pool: pg.Pool, judged: Judged, take: number): AsyncGenerator<string[]> {
  const client = await pool.connect()
  let isOpen = true
  try {
    // All of them are fetched: what is quickest for the first ones is not.
    await client.query('BEGIN READ ONLY; SET LOCAL cursor_tuple_fraction = 1')
    const names = `SELECT k.name ${LIVING} AND NOT ${BROKEN}`
    await client.query(`DECLARE names NO SCROLL CURSOR FOR ${names}`, valuesOf(judged, FIRST_ID))
    for (let count = take; count === take; ) {
      const { rows } = await client.query<{ name: string }>(`FETCH ${take} FROM names`)
      yield rows.map(({ name }) => name)
      count = rows.length
    }
    await client.query('COMMIT')
    isOpen = false
  } finally {
    // Whoever stopped in the middle leaves a transaction: its connection is not used again.
    client.release(isOpen)
  }
}

/** These keys as a policy sees them, by id. */
export async function listGovernedKeys(pool: pg.Pool, ids: readonly string[]): Promise<GovernedKey[]> {
  const { rows } = await pool.query<GovernedKey>(
    `SELECT k.id, k.name, k.owner_id AS "ownerId", k.provider_id AS "providerId", k.purpose, k.application,
      k.environment, k.fields, k.expires_at AS "expiresAt", ${SINCE} AS since
     ${KEYS} WHERE k.id = ANY($1) ORDER BY k.id`,
    [ids],
  )
  return rows
}

/** How many people have more living keys of a type than the rules allow. */
export async function countCrowdedOwners(pool: pg.Pool, { keyType, rules, now }: Judged): Promise<number> {
  if (rules.maxKeysPerUser === null) return 0
  const { rows } = await pool.query<{ owners: number }>(
    `SELECT count(*)::int AS owners FROM (
      SELECT FROM api_keys WHERE type = $1 AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
      GROUP BY owner_id HAVING count(*) > $3
    ) AS crowded`,
    [keyType, now, rules.maxKeysPerUser],
  )
  return rows[0]?.owners ?? 0
}

export const findKeys = (tx: Tx, ids: readonly string[]) =>
  tx.apiKey.findMany({ where: { id: { in: [...ids] } }, orderBy: { id: 'asc' } })
