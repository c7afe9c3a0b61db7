import pg from 'pg'
import { Batch, type Facts, type NumberName } from './batch.ts'
import { numbers, texts, words } from './column.ts'
import { addSums, sumsText, sumValues } from './sums.store.ts'
import { sumUp } from './sums.ts'
import type { UsageEntry } from './usage-entry.ts'

const DAY_MS = 86_400_000
const UNIQUE_VIOLATION = '23505'

/** Columns that many entries have in common: they are sent once, and entries say which ones are theirs. */
const FACTS: readonly (readonly [name: string, type: string, write: (facts: readonly Facts[]) => string])[] = [
  ['key_id', 'uuid', (all) => words(all.map(({ keyId }) => keyId))],
  ['secret_id', 'uuid', (all) => words(all.map(({ secretId }) => secretId))],
  ['owner_id', 'uuid', (all) => words(all.map(({ ownerId }) => ownerId))],
  ['provider_id', 'uuid', (all) => words(all.map(({ providerId }) => providerId))],
  ['endpoint', 'text', (all) => texts(all.map(({ endpoint }) => endpoint))],
  ['model_asked', 'text', (all) => texts(all.map(({ modelAsked }) => modelAsked))],
  ['model_answered', 'text', (all) => texts(all.map(({ modelAnswered }) => modelAnswered))],
  ['status', 'smallint', (all) => numbers(all.map(({ status }) => status))],
  ['code', 'text', (all) => texts(all.map(({ code }) => code))],
  ['end', '"UsageEnd"', (all) => words(all.map(({ end }) => end))],
  ['streamed', 'boolean', (all) => words(all.map(({ streamed }) => String(streamed)))],
  ['tokens_estimated', 'boolean', (all) => words(all.map(({ tokensEstimated }) => String(tokensEstimated)))],
  ['refused_by_type', '"RefusalCause"', (all) => words(all.map(({ refusedByType }) => refusedByType))],
  ['refused_by_id', 'uuid', (all) => words(all.map(({ refusedById }) => refusedById))],
  ['answered_by_id', 'uuid', (all) => words(all.map(({ answeredById }) => answeredById))],
  ['attempts', 'smallint', (all) => numbers(all.map(({ attempts }) => attempts))],
]

const NUMBERS: readonly (readonly [name: string, type: string, from: NumberName])[] = [
  ['input_tokens', 'integer', 'inputTokens'],
  ['output_tokens', 'integer', 'outputTokens'],
  ['cached_tokens', 'integer', 'cachedTokens'],
  ['saved_tokens', 'integer', 'savedTokens'],
  ['cost_micros', 'bigint', 'costMicros'],
  ['latency_ms', 'integer', 'latencyMs'],
  ['first_token_ms', 'integer', 'firstTokenMs'],
  ['overhead_us', 'integer', 'overheadUs'],
  ['request_bytes', 'bigint', 'requestBytes'],
  ['response_bytes', 'bigint', 'responseBytes'],
]

const list = (columns: readonly (readonly [string, ...unknown[]])[]) => columns.map(([name]) => `"${name}"`).join(', ')
const arrays = (columns: readonly (readonly [string, string, unknown])[], first: number) =>
  columns.map(([, type], at) => `$${first + at}::${type}[]`).join(', ')

const VALUES = FACTS.length + NUMBERS.length + 3

/** The entries of a batch as rows; the values are those of `valuesOf`. */
const ENTRIES = `
  facts AS (
    SELECT * FROM unnest(${arrays(FACTS, 1)}) WITH ORDINALITY AS facts (${list(FACTS)}, number)
  ), entries AS (
    SELECT * FROM unnest($${FACTS.length + 1}::uuid[], $${FACTS.length + 2}::integer[], $${FACTS.length + 3}::float8[],
      ${arrays(NUMBERS, FACTS.length + 4)}) AS entries (id, number, started_at, ${list(NUMBERS)})
  )`

const INSERT = `
    INSERT INTO usage_entries (id, started_at, ${list(FACTS)}, ${list(NUMBERS)})
    SELECT id, to_timestamp(started_at / 1000), ${list(FACTS)}, ${list(NUMBERS)} FROM entries JOIN facts USING (number)
    ORDER BY id`

const INSERT_NEW = `WITH ${ENTRIES}, added AS (${INSERT}), ${sumsText(VALUES + 1)} SELECT count(*) FROM charged`

const INSERT_MISSING = `
  WITH ${ENTRIES}, added AS (${INSERT} ON CONFLICT DO NOTHING RETURNING id)
  SELECT count(*)::int AS added, CASE WHEN count(*) < $${VALUES + 1}::int THEN array_agg(id) END AS ids FROM added`

/** As `insertBatch`, of entries that are not in a batch. */
export const insertEntries = (pool: pg.Pool, entries: readonly UsageEntry[]): Promise<number> =>
  insertBatch(pool, Batch.of(entries))

/**
 * Stores a batch with its sums, in one transaction. Repeating a batch, or part of one, changes nothing: an entry counts
 * once by its id. Answers how many were new.
 */
export async function insertBatch(pool: pg.Pool, batch: Batch): Promise<number> {
  if (batch.length === 0) return 0
  await ensurePartitions(pool, batch)
  return (await insertNew(pool, batch)) ? batch.length : insertMissing(pool, batch)
}

/**
 * All of a batch in one statement, a third cheaper than what can leave out some of it. False, and nothing is stored: the
 * database has one of its entries, or they are of more than one quarter of an hour.
 */
async function insertNew(pool: pg.Pool, batch: Batch): Promise<boolean> {
  const [slot, other] = sumUp(batch, () => true)
  if (!slot || other) return false
  const values = [...valuesOf(batch), ...sumValues(slot)]
  try {
    await pool.query({ name: 'insert-new-usage-entries', text: INSERT_NEW, values })
    return true
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION) return false
    throw error
  }
}

async function insertMissing(pool: pg.Pool, batch: Batch): Promise<number> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const isNew = await insert(client, batch)
    // What was inserted now, and only that, is added to the sums and moves "last used".
    for (const slot of sumUp(batch, isNew.has)) await addSums(client, slot)
    await client.query('COMMIT')
    client.release()
    return isNew.count
  } catch (error) {
    // Whatever state the connection is in, nobody else shall have it.
    client.release(true)
    throw error
  }
}

type Inserted = { readonly count: number; readonly has: (at: number) => boolean }

async function insert(client: pg.PoolClient, batch: Batch): Promise<Inserted> {
  const values = [...valuesOf(batch), batch.length]
  const { rows } = await client.query<{ added: number; ids: readonly string[] | null }>({
    name: 'insert-missing-usage-entries',
    text: INSERT_MISSING,
    values,
  })
  const [{ added, ids } = { added: 0, ids: [] }] = rows
  if (added === batch.length) return { count: added, has: () => true }
  // An entry that came twice is new once.
  const found = new Set(ids)
  return { count: added, has: (at) => found.delete(batch.ids[at] ?? '') }
}

const valuesOf = (batch: Batch): unknown[] => [
  ...FACTS.map(([, , write]) => write(batch.facts)),
  words(batch.ids),
  numbers(batch.factsAt.map((at) => at + 1)),
  numbers(batch.numbers.startedAt),
  ...NUMBERS.map(([, , name]) => numbers(batch.numbers[name])),
]

const ensured = new WeakMap<pg.Pool, Set<number>>()

/** Entries may be days old when the database was away: their days get a partition too. */
async function ensurePartitions(pool: pg.Pool, { numbers: { startedAt } }: Batch): Promise<void> {
  const known = ensured.get(pool) ?? new Set<number>()
  ensured.set(pool, known)
  for (const day of new Set(startedAt.map((at) => Math.floor(at / DAY_MS)))) {
    if (known.has(day)) continue
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
    await pool.query('SELECT ensure_usage_partitions($1::date, $1::date)', [date])
    known.add(day)
  }
}

/** True when the database refuses the data itself (class 22 and 23), and would for ever. */
export const refusesData = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? '')
