import type pg from 'pg'

const DAY_HOURS = 24

// 24 hours are a day here, whatever the session's time zone does at daylight saving.
const EXPIRING = `
  INSERT INTO notices (id, user_id, at, kind, occasion, subject_type, subject_id, subject_name, details)
  SELECT gen_random_uuid(), person.id, k.expires_at - make_interval(hours => $3 * ${DAY_HOURS}),
    CASE WHEN $3 = 0 THEN 'KEY_EXPIRED' ELSE 'KEY_EXPIRING' END,
    concat_ws(':', 'expiry', k.id, $3, extract(epoch FROM k.expires_at)), 'ApiKey', k.id, k.name,
    jsonb_build_object('days', $3::text, 'expiresAt', to_char(k.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
  FROM api_keys k JOIN users person ON person.id = k.owner_id
    OR ($4 AND person.role = 'ADMINISTRATOR')
  WHERE k.expires_at > $1::timestamptz + make_interval(hours => $3 * ${DAY_HOURS})
    AND k.expires_at <= $2::timestamptz + make_interval(hours => $3 * ${DAY_HOURS})
    AND k.created_at < k.expires_at - make_interval(hours => $3 * ${DAY_HOURS})
    AND k.deleted_at IS NULL AND NOT k.pending AND person.active AND person.deleted_at IS NULL
  ON CONFLICT DO NOTHING`

/** Tells of keys whose expiry came within `days` days between two instants. */
export async function tellExpiring(
  pool: pg.Pool,
  { from, to, days, administratorsTold }: { from: Date; to: Date; days: number; administratorsTold: boolean },
): Promise<void> {
  await pool.query(EXPIRING, [from, to, days, administratorsTold])
}

const ROTATION = `
  INSERT INTO notices (id, user_id, at, kind, occasion, subject_type, subject_id, subject_name, details)
  SELECT gen_random_uuid(), k.owner_id, s.created_at + make_interval(hours => p.rotation_days * ${DAY_HOURS}),
    'ROTATION_DUE', concat_ws(':', 'rotation', s.id), 'ApiKey', k.id, k.name,
    jsonb_build_object('days', p.rotation_days::text)
  FROM policies p JOIN api_keys k ON k.type = p.key_type
    JOIN key_secrets s ON s.key_id = k.id AND s.superseded_at IS NULL
    JOIN users owner ON owner.id = k.owner_id
  WHERE p.rotation_days IS NOT NULL AND k.deleted_at IS NULL AND NOT k.pending
    AND (k.expires_at IS NULL OR k.expires_at > $1) AND owner.active AND owner.deleted_at IS NULL
    AND s.created_at <= $1::timestamptz - make_interval(hours => p.rotation_days * ${DAY_HOURS})
  ON CONFLICT DO NOTHING`

/** Tells of secrets that are older than the policy wants, once for each. */
export async function tellRotationDue(pool: pg.Pool, now: Date): Promise<void> {
  await pool.query(ROTATION, [now])
}

const LIMITS = `
  WITH fresh AS (
    UPDATE events SET delivered_at = $1 WHERE delivered_at IS NULL AND kind IN ('limit_warning', 'limit_reached')
    RETURNING kind, occasion, subject_type, subject_id, details, at
  )
  INSERT INTO notices (id, user_id, at, kind, occasion, subject_type, subject_id, subject_name, details)
  SELECT gen_random_uuid(), person.id, fresh.at, upper(fresh.kind), fresh.occasion, 'Limit', fresh.subject_id,
    coalesce(l.name, k.name, u.username, g.name, p.name, l.model_pattern, 'everything'),
    (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each_text(fresh.details))
  FROM fresh LEFT JOIN limits l ON l.id = fresh.subject_id LEFT JOIN api_keys k ON k.id = l.key_id
    LEFT JOIN users u ON u.id = l.user_id LEFT JOIN groups g ON g.id = l.group_id LEFT JOIN providers p ON p.id = l.provider_id
    JOIN users person ON person.id IN (k.owner_id, l.user_id) OR person.role = 'ADMINISTRATOR'
  WHERE person.active AND person.deleted_at IS NULL
  ON CONFLICT DO NOTHING`

/** Tells of limits that are used up to 80 or 100 %: the one they are about, and administrators. */
export async function tellLimits(pool: pg.Pool, now: Date): Promise<void> {
  await pool.query(LIMITS, [now])
}
