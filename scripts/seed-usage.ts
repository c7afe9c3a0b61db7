import { parseArgs } from 'node:util'
import { type Db, openDb } from '../server/lib/db.ts'
import { createLog } from '../server/lib/log.ts'

type Pool = Db['pool']

const USAGE = 'Use: DATABASE_URL=… node scripts/seed-usage.ts [--entries 1000000] [--days 30] [--keys 100]'

const USERS = 20
const PROVIDERS = 3
const MODELS = ['gpt-5-mini', 'gpt-5', 'gpt-5-nano', 'claude-sonnet', 'claude-haiku', 'embed-large']
/** One in fifty thousand entries asks for it. The last key is as rare, and alone has the last provider. */
const RARE_MODEL = 'rare-model'

// Everything is derived from the number of the entry, so that a second run makes the same world.
const PEOPLE = `
  INSERT INTO users (id, username, display_name) SELECT md5('user' || n)::uuid, 'seed-user-' || n, 'Seed user ' || n
  FROM generate_series(0, ${USERS - 1}) n ON CONFLICT DO NOTHING;
  INSERT INTO providers (id, name, base_url, enabled_models)
  SELECT md5('provider' || n)::uuid, 'Seed provider ' || n, 'https://provider.example/v1', '{*}'
  FROM generate_series(0, ${PROVIDERS}) n ON CONFLICT DO NOTHING;`

const providerOf = (key: string, keys: string) =>
  `md5('provider' || CASE WHEN ${key} = ${keys} - 1 THEN ${PROVIDERS} ELSE ${key} % ${PROVIDERS} END)::uuid`

const KEYS = `
  INSERT INTO api_keys (id, name, owner_id, creator_id, provider_id, type)
  SELECT md5('key' || n)::uuid, 'Seed key ' || n, md5('user' || n % ${USERS})::uuid, md5('user' || n % ${USERS})::uuid,
    ${providerOf('n', '$1::int')}, 'Production'
  FROM generate_series(0, $1::int - 1) n ON CONFLICT DO NOTHING`

// Nobody knows what they are: their hashes are of nothing.
const SECRETS = `
  INSERT INTO key_secrets (id, key_id, public_id, secret_hash, pepper_version, last_four)
  SELECT md5('key' || n)::uuid, md5('key' || n)::uuid, left(md5('public' || n), 12), sha256(''), 1, 'seed'
  FROM generate_series(0, $1::int - 1) n ON CONFLICT DO NOTHING`

/** How requests end: the share up to which each kind comes, with its status, code and end. */
const ENDS = [
  [0.94, 200, null, 'COMPLETE'],
  [0.95, 200, null, 'CLIENT_LEFT'],
  [0.98, 429, 'rate_limit_exceeded', 'REFUSED'],
  [0.9998, 502, 'upstream_unreachable', 'UPSTREAM_FAILED'],
  [0.99995, 504, 'upstream_timeout', 'UPSTREAM_FAILED'],
  [1, 0, 'interrupted', 'INTERRUPTED'],
] as const

// Each key asks two models, one of them mostly; durations are spread like real ones, over three orders of magnitude.
const ENTRIES = `
  INSERT INTO usage_entries (id, started_at, key_id, secret_id, owner_id, provider_id, endpoint, model_asked,
    model_answered, status, code, "end", streamed, input_tokens, output_tokens, cached_tokens, cost_micros, latency_ms,
    first_token_ms, overhead_us, request_bytes, response_bytes)
  SELECT overlay(replace(gen_random_uuid()::text, '-', '')
      PLACING lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' FROM 1 FOR 13)::uuid,
    at, md5('key' || k)::uuid, md5('key' || k)::uuid, md5('user' || k % ${USERS})::uuid, ${providerOf('k', '$3::int')},
    'chat/completions', model, CASE WHEN ending <= 2 THEN model || '-2026-11-01' END, ($5::int[])[ending],
    ($6::text[])[ending], ($7::text[])[ending]::"UsageEnd", dice < 0.5, (50 + 2000 * random())::int,
    (20 + 800 * random())::int, 0, (10 + 5000 * random())::bigint, exp(5 + 3.5 * random())::int,
    CASE WHEN ending <= 2 THEN exp(4 + 3 * random())::int END, 300, 2000, 4000
  FROM (
    SELECT *, 1 + width_bucket(dice, $8::float8[]) AS ending, CASE WHEN random() < 0.00002 THEN '${RARE_MODEL}'
      ELSE ($2::text[])[1 + (k + (dice < 0.2)::int) % ${MODELS.length}] END AS model
    FROM (
      SELECT (random() * random() * $3::int)::int % $3::int AS k, random() AS dice,
        date_trunc('milliseconds', $1::timestamptz + random() * least(interval '1 day', now() - $1::timestamptz)) AS at
      FROM generate_series(1, $4::int)
    ) e
  ) e ORDER BY at`

const SUMMED = `requests, input_tokens, output_tokens, cached_tokens, cost_micros, latency_ms, latencies, first_tokens`
const SUMS = `
  count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cached_tokens), 0),
  coalesce(sum(cost_micros), 0), sum(latency_ms),
  sketch_of(array_agg(latency_ms) FILTER (WHERE "end" NOT IN ('REFUSED', 'INTERRUPTED'))),
  sketch_of(array_agg(first_token_ms) FILTER (WHERE first_token_ms IS NOT NULL))`

const summed = (table: string, column: string, start: string) => `
  INSERT INTO ${table} (${column}, key_id, owner_id, provider_id, model, status, code, ${SUMMED})
  SELECT ${start}, key_id, (array_agg(owner_id))[1], provider_id, coalesce(model_asked, ''), status, coalesce(code, ''),
    ${SUMS}
  FROM usage_entries WHERE started_at >= $1 AND started_at < $1::timestamptz + interval '1 day'
  GROUP BY 1, 2, 4, 5, 6, 7 ON CONFLICT DO NOTHING`

const DAY_OF = 'local_day(started_at, (SELECT time_zone FROM installation))'
const HOUR_OF = `greatest(date_trunc('hour', started_at, 'UTC'), ${DAY_OF})`
const HOUR = summed('usage_rollups', 'hour', HOUR_OF)
const DAY = summed('usage_days', 'day', DAY_OF)
const MEASURES = `
  INSERT INTO usage_measures (whole_day, starts_at, dimension, value, errors, ${SUMMED})
  SELECT whole_day, starts_at, dimension, value, count(code), ${SUMS}
  FROM usage_entries,
    LATERAL (VALUES ('ALL', ''), ('OWNER', owner_id::text), ('PROVIDER', provider_id::text),
      ('MODEL', coalesce(model_asked, '')), ('STATUS', status::text), ('CODE', coalesce(code, ''))
    ) AS grouped (dimension, value),
    LATERAL (VALUES (true, ${DAY_OF}), (false, ${HOUR_OF})) AS grain (whole_day, starts_at)
  WHERE started_at >= $1 AND started_at < $1::timestamptz + interval '1 day'
  GROUP BY 1, 2, 3, 4 ON CONFLICT DO NOTHING`
const DAY_MS = 86_400_000

const endings = [
  ENDS.map(([, status]) => status),
  ENDS.map(([, , code]) => code),
  ENDS.map(([, , , end]) => end),
  ENDS.slice(0, -1).map(([share]) => share),
]

async function seed(pool: Pool, entries: number, days: number, keys: number): Promise<void> {
  await pool.query(PEOPLE)
  await pool.query(KEYS, [keys])
  await pool.query(SECRETS, [keys])
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
  for (let ago = days - 1; ago >= 0; ago--) {
    const day = new Date(today - ago * DAY_MS)
    await pool.query('SELECT ensure_usage_partitions($1::date, $1::date)', [day.toISOString().slice(0, 10)])
    await pool.query(ENTRIES, [day, MODELS, keys, Math.round(entries / days), ...endings])
    await pool.query(HOUR, [day])
    await pool.query(DAY, [day])
    await pool.query(MEASURES, [day])
    process.stdout.write(`\r${days - ago} of ${days} days`)
  }
  process.stdout.write('\n')
  await pool.query('VACUUM ANALYZE')
}

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    days: { type: 'string', default: '30' },
    keys: { type: 'string', default: '100' },
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
  await seed(pool, entries, days, keys)
  await db.close()
}
