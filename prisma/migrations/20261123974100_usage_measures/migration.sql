-- What is kept merged per group holds its sums as well: most questions are then answered from a few small rows, and not
-- by adding up those of each key. A new table instead of new columns: it comes in the order in which it is read.

-- CreateTable
CREATE TABLE "usage_measures" (
    "whole_day" BOOLEAN NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "dimension" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "requests" INTEGER NOT NULL,
    "errors" INTEGER NOT NULL,
    "input_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "cached_tokens" BIGINT NOT NULL,
    "cost_micros" BIGINT NOT NULL,
    "latency_ms" BIGINT NOT NULL,
    "latencies" BIGINT[] DEFAULT ARRAY[]::BIGINT[],
    "first_tokens" BIGINT[] DEFAULT ARRAY[]::BIGINT[],

    CONSTRAINT "usage_measures_pkey" PRIMARY KEY ("dimension","whole_day","starts_at","value")
);

-- Nobody may add to the sums meanwhile.
LOCK TABLE usage_rollups, usage_days, usage_durations IN EXCLUSIVE MODE;

-- Where nothing reached a provider there were no histograms.
INSERT INTO usage_measures (whole_day, starts_at, dimension, value, requests, errors, input_tokens, output_tokens,
  cached_tokens, cost_micros, latency_ms, latencies, first_tokens)
SELECT whole_day, starts_at, dimension, value, requests, errors, input_tokens, output_tokens, cached_tokens, cost_micros,
  sums.latency_ms, coalesce(latencies, '{}'), coalesce(first_tokens, '{}')
FROM (
  SELECT whole_day, starts_at, dimension, value, sum(requests) AS requests,
    coalesce(sum(requests) FILTER (WHERE code <> ''), 0) AS errors, sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens, sum(cached_tokens) AS cached_tokens, sum(cost_micros) AS cost_micros,
    sum(latency_ms) AS latency_ms
  FROM (
    SELECT true AS whole_day, day AS starts_at, owner_id, provider_id, model, status, code, requests, input_tokens,
      output_tokens, cached_tokens, cost_micros, latency_ms FROM usage_days
    UNION ALL
    SELECT false, hour, owner_id, provider_id, model, status, code, requests, input_tokens, output_tokens, cached_tokens,
      cost_micros, latency_ms FROM usage_rollups
  ) AS finest,
  LATERAL (VALUES ('ALL', ''), ('OWNER', owner_id::text), ('PROVIDER', provider_id::text), ('MODEL', model),
    ('STATUS', status::text), ('CODE', code)) AS grouped (dimension, value)
  GROUP BY 1, 2, 3, 4
) AS sums LEFT JOIN usage_durations USING (whole_day, starts_at, dimension, value)
ORDER BY dimension, whole_day, starts_at, value;

-- DropTable
DROP TABLE "usage_durations";

-- Sums the days anew for another time zone: hours that midnight cuts now and did not before stay with the day in which
-- they begin. Nobody may add to the sums meanwhile; reports go on with the old ones.
CREATE OR REPLACE FUNCTION rebuild_usage_days(zone text) RETURNS void LANGUAGE plpgsql SET work_mem = '64MB' AS $$
BEGIN
  LOCK TABLE usage_rollups, usage_days, usage_measures IN EXCLUSIVE MODE;
  DELETE FROM usage_days;
  INSERT INTO usage_days (day, key_id, owner_id, provider_id, model, status, code, requests, input_tokens,
    output_tokens, cached_tokens, cost_micros, latency_ms, latencies, first_tokens)
  SELECT day, key_id, (array_agg(owner_id))[1], provider_id, model, status, code, sum(requests), sum(input_tokens),
    sum(output_tokens), sum(cached_tokens), sum(cost_micros), sum(latency_ms), merged_sketch(latencies),
    merged_sketch(first_tokens)
  FROM usage_rollups JOIN (
    SELECT hour, local_day(hour, zone) AS day FROM (SELECT DISTINCT hour FROM usage_rollups) AS hours
  ) AS days USING (hour) GROUP BY 1, 2, 4, 5, 6, 7;
  DELETE FROM usage_measures WHERE whole_day;
  INSERT INTO usage_measures (whole_day, starts_at, dimension, value, requests, errors, input_tokens, output_tokens,
    cached_tokens, cost_micros, latency_ms, latencies, first_tokens)
  SELECT true, local_day(starts_at, zone), dimension, value, sum(requests), sum(errors), sum(input_tokens),
    sum(output_tokens), sum(cached_tokens), sum(cost_micros), sum(latency_ms), merged_sketch(latencies),
    merged_sketch(first_tokens)
  FROM usage_measures WHERE NOT whole_day GROUP BY 2, 3, 4;
END $$;
