import type { Db } from '../../server/lib/db.ts'

type Pool = Db['pool']

const USERS = 2000
const PROVIDERS = 20
const CHUNK = 20_000

// Everything is derived from the number of the row, so that a second run makes the same world.
const PEOPLE = `
  WITH people AS (
    INSERT INTO users (id, username, display_name) SELECT md5('scale user' || n)::uuid, 'scale-user-' || n, 'Scale user ' || n
    FROM generate_series(0, ${USERS - 1}) n ON CONFLICT DO NOTHING RETURNING id
  ), team AS (
    INSERT INTO groups (id, name) VALUES (md5('scale group')::uuid, 'Everybody of the scale') ON CONFLICT DO NOTHING RETURNING id
  )
  INSERT INTO group_members (group_id, user_id) SELECT team.id, people.id FROM team, people`

const OPENED = `
  INSERT INTO providers (id, name, base_url, enabled_models)
  SELECT md5('scale provider' || n)::uuid, 'Scale provider ' || n, 'https://provider.example/v1', '{*}'
  FROM generate_series(0, ${PROVIDERS - 1}) n ON CONFLICT DO NOTHING`

// One of 20 never expires, one of 10 has expired, one of 50 is deleted, one of 3 was never used, one of 10,000 waits.
const KEYS = `
  INSERT INTO api_keys (id, name, owner_id, creator_id, provider_id, type, purpose, application, environment, created_at,
    expires_at, last_used_at, deleted_at, pending)
  SELECT md5('scale key' || n)::uuid, 'service-' || n % 5000 || '-' || lpad(n::text, 7, '0'),
    md5('scale user' || n % ${USERS})::uuid, md5('scale user' || n % ${USERS})::uuid, md5('scale provider' || n % ${PROVIDERS})::uuid,
    (ARRAY['Development', 'Production', 'Emergency'])[1 + n % 3], 'answers the questions of team ' || n % 700,
    'application ' || n % 5000, (ARRAY['production', 'staging', 'test'])[1 + n % 3],
    now() - (n % 700) * interval '1 day' - (n % 86400) * interval '1 second',
    CASE WHEN n % 20 = 0 THEN NULL WHEN n % 10 = 1 THEN now() - (1 + n % 90) * interval '1 day'
      ELSE now() + (1 + n % 180) * interval '1 day' END,
    CASE WHEN n % 3 > 0 THEN now() - (n % 5000) * interval '1 hour' END,
    CASE WHEN n % 50 = 3 THEN now() - (n % 25) * interval '1 day' END, n % 10000 = 17
  FROM generate_series($1::int, $2::int - 1) n ON CONFLICT DO NOTHING`

const SECRETS = `
  INSERT INTO key_secrets (id, key_id, public_id, secret_hash, pepper_version, last_four, created_at)
  SELECT md5('scale secret' || n)::uuid, md5('scale key' || n)::uuid, left(md5('scale public' || n), 5) || lpad(to_hex(n), 7, 'Z'),
    sha256(('scale secret' || n)::bytea), 1, right(md5('scale secret' || n), 4), now() - (n % 700) * interval '1 day'
  FROM generate_series($1::int, $2::int - 1) n ON CONFLICT DO NOTHING`

const TRAFFIC = `
  INSERT INTO usage_rollups (hour, key_id, owner_id, provider_id, model, status, code, requests, input_tokens,
    output_tokens, cached_tokens, cost_micros, latency_ms)
  SELECT date_trunc('hour', now(), 'UTC'), md5('scale key' || n)::uuid, md5('scale user' || n % ${USERS})::uuid,
    md5('scale provider' || n % ${PROVIDERS})::uuid, 'gpt-5-mini', 200, '', 3, 300, 900, 0, 10, 500
  FROM generate_series(0, $1::int - 1, 20) n ON CONFLICT DO NOTHING`

const INDEXES = `
  SELECT indexname AS name, indexdef AS definition FROM pg_indexes
  WHERE tablename IN ('api_keys', 'key_secrets') AND indexdef NOT LIKE 'CREATE UNIQUE%'`

/** Rows go in three times as fast without the indexes that nothing depends on; they are made again at the end. */
async function withoutIndexes(pool: Pool, work: () => Promise<void>): Promise<void> {
  const { rows } = await pool.query<{ name: string; definition: string }>(INDEXES)
  for (const { name } of rows) await pool.query(`DROP INDEX ${name}`)
  await work()
  for (const { definition } of rows) await pool.query(definition)
}

/** The group that owns every seeded key. */
export const GROUP = 'Everybody of the scale'

/** Writes this many keys with their people, secrets and the traffic of a day: about a minute for a million. */
export async function seedKeys(pool: Pool, count: number, say: (text: string) => void): Promise<void> {
  await pool.query(PEOPLE)
  await pool.query(OPENED)
  await withoutIndexes(pool, async () => {
    for (let from = 0; from < count; from += CHUNK) {
      const to = Math.min(count, from + CHUNK)
      await pool.query(KEYS, [from, to])
      await pool.query(SECRETS, [from, to])
      if (to % 200_000 === 0) say(`${to} of ${count} keys`)
    }
  })
  await pool.query(TRAFFIC, [count])
  for (const table of ['api_keys', 'key_secrets', 'usage_rollups', 'users']) await pool.query(`VACUUM ANALYZE ${table}`)
}
