import { parseArgs } from 'node:util'
import { type Db, openDb } from '../server/lib/db.ts'
import { createLog } from '../server/lib/log.ts'
import type { UsageGroup } from '../server/usage/measured.ts'
import { readUsage } from '../server/usage/report.store.ts'
import type { UsageInterval } from '../server/usage/stretch.ts'
import { readTrial } from '../server/usage/try-limit.store.ts'

type Pool = Db['pool']

const USAGE = 'Use: DATABASE_URL=… node scripts/seed-usage.ts [--entries 1000000] [--days 30] [--keys 100] [--measure]'

const USERS = 20
const PROVIDERS = 3
const MODELS = ['gpt-5-mini', 'gpt-5', 'gpt-5-nano', 'claude-sonnet', 'claude-haiku', 'embed-large']

// Everything is derived from the number of the entry, so that a second run makes the same world.
const PEOPLE = `
  INSERT INTO users (id, username, display_name) SELECT md5('user' || n)::uuid, 'seed-user-' || n, 'Seed user ' || n
  FROM generate_series(0, ${USERS - 1}) n ON CONFLICT DO NOTHING;
  INSERT INTO providers (id, name, base_url, enabled_models)
  SELECT md5('provider' || n)::uuid, 'Seed provider ' || n, 'https://provider.example/v1', '{*}'
  FROM generate_series(0, ${PROVIDERS - 1}) n ON CONFLICT DO NOTHING;`

const KEYS = `
  INSERT INTO api_keys (id, name, owner_id, creator_id, provider_id, type)
  SELECT md5('key' || n)::uuid, 'Seed key ' || n, md5('user' || n % ${USERS})::uuid, md5('user' || n % ${USERS})::uuid,
    md5('provider' || n % ${PROVIDERS})::uuid, 'Production'
  FROM generate_series(0, $1::int - 1) n ON CONFLICT DO NOTHING`

// Each key asks two models, one of them mostly; durations are spread like real ones, over three orders of magnitude.
const ENTRIES = `
  INSERT INTO usage_entries (id, started_at, key_id, secret_id, owner_id, provider_id, endpoint, model_asked, status, code,
    "end", streamed, input_tokens, output_tokens, cached_tokens, cost_micros, latency_ms, first_token_ms, overhead_us,
    request_bytes, response_bytes)
  SELECT gen_random_uuid(), $1::timestamptz + random() * interval '1 day', md5('key' || k)::uuid, md5('key' || k)::uuid,
    md5('user' || k % ${USERS})::uuid, md5('provider' || k % ${PROVIDERS})::uuid, 'chat/completions',
    ($2::text[])[1 + (k + CASE WHEN dice < 0.2 THEN 1 ELSE 0 END) % ${MODELS.length}],
    CASE WHEN dice < 0.95 THEN 200 WHEN dice < 0.98 THEN 429 ELSE 502 END,
    CASE WHEN dice < 0.95 THEN NULL WHEN dice < 0.98 THEN 'rate_limit_exceeded' ELSE 'upstream_unreachable' END,
    (CASE WHEN dice < 0.95 THEN 'COMPLETE' WHEN dice < 0.98 THEN 'REFUSED' ELSE 'UPSTREAM_FAILED' END)::"UsageEnd",
    dice < 0.5, (50 + 2000 * random())::int, (20 + 800 * random())::int, 0, (10 + 5000 * random())::bigint,
    exp(5 + 3.5 * random())::int, CASE WHEN dice < 0.95 THEN exp(4 + 3 * random())::int END, 300, 2000, 4000
  FROM (SELECT (random() * random() * $3::int)::int % $3::int AS k, random() AS dice FROM generate_series(1, $4::int)) e`

const summed = (table: string, column: string, start: string) => `
  INSERT INTO ${table} (${column}, key_id, owner_id, provider_id, model, status, code, requests, input_tokens,
    output_tokens, cached_tokens, cost_micros, latency_ms, latencies, first_tokens)
  SELECT ${start}, key_id, (array_agg(owner_id))[1], provider_id, coalesce(model_asked, ''), status, coalesce(code, ''),
    count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cached_tokens), 0),
    coalesce(sum(cost_micros), 0), sum(latency_ms),
    sketch_of(array_agg(latency_ms) FILTER (WHERE "end" NOT IN ('REFUSED', 'INTERRUPTED'))),
    sketch_of(array_agg(first_token_ms) FILTER (WHERE first_token_ms IS NOT NULL))
  FROM usage_entries WHERE started_at >= $1 AND started_at < $1::timestamptz + interval '1 day'
  GROUP BY 1, 2, 4, 5, 6, 7 ON CONFLICT DO NOTHING`

const DAY_OF = 'local_day(started_at, (SELECT time_zone FROM installation))'
const HOUR_OF = `greatest(date_trunc('hour', started_at, 'UTC'), ${DAY_OF})`
const HOUR = summed('usage_rollups', 'hour', HOUR_OF)
const DAY = summed('usage_days', 'day', DAY_OF)
const DURATIONS = `
  INSERT INTO usage_durations (whole_day, starts_at, dimension, value, latencies, first_tokens)
  SELECT whole_day, starts_at, dimension, value, sketch_of(array_agg(latency_ms)), sketch_of(array_agg(first_token_ms))
  FROM usage_entries,
    LATERAL (VALUES ('ALL', ''), ('OWNER', owner_id::text), ('PROVIDER', provider_id::text),
      ('MODEL', coalesce(model_asked, '')), ('STATUS', status::text), ('CODE', coalesce(code, ''))
    ) AS grouped (dimension, value),
    LATERAL (VALUES (true, ${DAY_OF}), (false, ${HOUR_OF})) AS grain (whole_day, starts_at)
  WHERE started_at >= $1 AND started_at < $1::timestamptz + interval '1 day' AND "end" NOT IN ('REFUSED', 'INTERRUPTED')
  GROUP BY 1, 2, 3, 4 ON CONFLICT DO NOTHING`
const DAY_MS = 86_400_000

async function seed(pool: Pool, entries: number, days: number, keys: number): Promise<void> {
  await pool.query(PEOPLE)
  await pool.query(KEYS, [keys])
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
  for (let ago = days; ago > 0; ago--) {
    const day = new Date(today - ago * DAY_MS)
    await pool.query('SELECT ensure_usage_partitions($1::date, $1::date)', [day.toISOString().slice(0, 10)])
    await pool.query(ENTRIES, [day, MODELS, keys, Math.round(entries / days)])
    await pool.query(HOUR, [day])
    await pool.query(DAY, [day])
    await pool.query(DURATIONS, [day])
    process.stdout.write(`\r${days - ago + 1} of ${days} days`)
  }
  process.stdout.write('\n')
  await pool.query('VACUUM ANALYZE')
}

/** The middle of three runs, in milliseconds. */
async function time(work: () => Promise<unknown>): Promise<number> {
  const runs: number[] = []
  for (let run = 0; run < 3; run++) {
    const begun = performance.now()
    await work()
    runs.push(performance.now() - begun)
  }
  return Math.round(runs.toSorted((a, b) => a - b)[1] ?? 0)
}

const GROUPS: readonly (UsageGroup | null)[] = [null, 'KEY', 'OWNER', 'PROVIDER', 'MODEL', 'STATUS', 'CODE']
const SPANS: readonly (readonly [UsageInterval, number])[] = [
  ['HOUR', 1],
  ['HOUR', 7],
  ['HOUR', 30],
  ['DAY', 30],
  ['TOTAL', 30],
]

async function measure(pool: Pool): Promise<void> {
  const to = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000)
  const nobody = { ownerId: null, keyId: null, providerId: null, model: null }
  const { rows } = await pool.query<{ id: string }>(`SELECT md5('user1')::uuid AS id`)
  for (const ownerId of [null, rows[0]?.id ?? null]) {
    for (const [interval, days] of SPANS) {
      const from = new Date(to.getTime() - days * DAY_MS)
      const line: string[] = []
      for (const groupBy of GROUPS) {
        const filter = { ...nobody, ownerId }
        const query = { from, to, interval, groupBy, timeZone: 'UTC', maxGroups: 20, durations: true, filter }
        line.push(`${groupBy ?? 'all'} ${await time(() => readUsage(pool, query))}`)
      }
      process.stdout.write(
        `${ownerId ? 'one owner' : 'everybody'}, ${interval} over ${days} days (ms): ${line.join(', ')}\n`,
      )
    }
  }
  const trial = { from: new Date(to.getTime() - 30 * DAY_MS), to, keyId: null, ownerIds: null, providerId: null }
  const cases = [
    ['REQUESTS', 'MINUTE', 25n],
    ['REQUESTS', 'HOUR', 1000n],
    ['REQUESTS', 'DAY', 20_000n],
    ['TOKENS', 'MONTH', 500_000_000n],
    ['MONEY', 'TOTAL', 1_000_000_000n],
    ['CONCURRENCY', null, 3n],
  ] as const
  for (const [metric, period, amount] of cases) {
    const question = { ...trial, modelPattern: null, metric, period, amount, timeZone: 'UTC' }
    const { requests, refused } = await readTrial(pool, question)
    const sum = refused.reduce((total, one) => total + one.requests, 0)
    const ms = await time(() => readTrial(pool, question))
    process.stdout.write(`try ${amount} ${metric} per ${period}: ${ms} ms, ${sum} of ${requests} refused\n`)
  }
}

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    days: { type: 'string', default: '30' },
    keys: { type: 'string', default: '100' },
    measure: { type: 'boolean', default: false },
  },
})
const connectionString = process.env['DATABASE_URL']
if (connectionString === undefined) {
  process.stderr.write(`${USAGE}\n`)
  process.exitCode = 64
} else {
  const db = openDb({ connectionString }, createLog('warn'))
  const { pool } = db
  const [entries, days, keys] = [Number(values.entries), Number(values.days), Number(values.keys)]
  if (entries > 0) await seed(pool, entries, days, keys)
  if (values.measure) await measure(pool)
  await db.close()
}
