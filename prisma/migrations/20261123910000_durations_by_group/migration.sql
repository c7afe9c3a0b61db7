-- CreateTable
CREATE TABLE "usage_durations" (
    "whole_day" BOOLEAN NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "dimension" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "latencies" BIGINT[] DEFAULT ARRAY[]::BIGINT[],
    "first_tokens" BIGINT[] DEFAULT ARRAY[]::BIGINT[],

    CONSTRAINT "usage_durations_pkey" PRIMARY KEY ("dimension","whole_day","starts_at","value")
);

-- What was summed before there were histograms per group.
INSERT INTO usage_durations (whole_day, starts_at, dimension, value, latencies, first_tokens)
SELECT whole_day, starts_at, dimension, value,
  coalesce(array_agg((bucket << 40) | count ORDER BY bucket) FILTER (WHERE kind = 'latency'), '{}'),
  coalesce(array_agg((bucket << 40) | count ORDER BY bucket) FILTER (WHERE kind = 'first token'), '{}')
FROM (
  SELECT whole_day, starts_at, dimension, value, kind, element >> 40 AS bucket,
    sum(element & 1099511627775)::bigint AS count
  FROM (
    SELECT true AS whole_day, day AS starts_at, owner_id, provider_id, model, status, code, latencies, first_tokens
    FROM usage_days
    UNION ALL
    SELECT false, hour, owner_id, provider_id, model, status, code, latencies, first_tokens FROM usage_rollups
  ) AS sums,
  LATERAL (VALUES ('ALL', ''), ('OWNER', owner_id::text), ('PROVIDER', provider_id::text), ('MODEL', model),
    ('STATUS', status::text), ('CODE', code)) AS grouped (dimension, value),
  LATERAL (SELECT 'latency', unnest(latencies) UNION ALL SELECT 'first token', unnest(first_tokens)) AS e (kind, element)
  GROUP BY 1, 2, 3, 4, 5, 6
) AS counted GROUP BY 1, 2, 3, 4;
