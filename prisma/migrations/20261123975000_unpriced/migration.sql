-- Sums say how many of their requests used tokens that had no price: else a sum of nothing may hide a thousand of them.
-- The default is for nodes of the version before, which write on while this one starts.

-- AlterTable
ALTER TABLE "usage_rollups" ADD COLUMN "unpriced" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "usage_days" ADD COLUMN "unpriced" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "usage_measures" ADD COLUMN "unpriced" INTEGER NOT NULL DEFAULT 0;

-- Hours from the entries that are still kept; of others nobody knows any more, and they stay 0. An hour that midnight cuts
-- is two, so a quarter counts in the last that has begun.
UPDATE usage_rollups AS sums SET unpriced = counted.unpriced FROM (
  SELECT hours.hour, key_id, provider_id, model, status, code, sum(quarters.unpriced) AS unpriced FROM (
    SELECT date_bin('15 minutes', started_at, 'epoch') AS quarter, key_id, provider_id,
      coalesce(model_asked, '') AS model, status, coalesce(code, '') AS code, count(*) AS unpriced
    FROM usage_entries
    WHERE cost_micros IS NULL AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL)
    GROUP BY 1, 2, 3, 4, 5, 6
  ) AS quarters, LATERAL (
    SELECT max(hour) AS hour FROM usage_rollups
    WHERE hour BETWEEN date_trunc('hour', quarter, 'UTC') AND quarter
  ) AS hours GROUP BY 1, 2, 3, 4, 5, 6
) AS counted
WHERE sums.hour = counted.hour AND sums.key_id = counted.key_id AND sums.provider_id = counted.provider_id
  AND sums.model = counted.model AND sums.status = counted.status AND sums.code = counted.code;

-- Everything else from the hours.
UPDATE usage_days AS sums SET unpriced = counted.unpriced FROM (
  SELECT local_day(hour, time_zone) AS day, key_id, provider_id, model, status, code, sum(unpriced) AS unpriced
  FROM usage_rollups, installation WHERE installation.id = 1 AND unpriced > 0 GROUP BY 1, 2, 3, 4, 5, 6
) AS counted
WHERE sums.day = counted.day AND sums.key_id = counted.key_id AND sums.provider_id = counted.provider_id
  AND sums.model = counted.model AND sums.status = counted.status AND sums.code = counted.code;

UPDATE usage_measures AS sums SET unpriced = counted.unpriced FROM (
  SELECT whole_day, starts_at, dimension, value, sum(unpriced) AS unpriced
  FROM usage_rollups, installation,
    LATERAL (VALUES (true, local_day(hour, time_zone)), (false, hour)) AS grain (whole_day, starts_at),
    LATERAL (VALUES ('ALL', ''), ('OWNER', owner_id::text), ('PROVIDER', provider_id::text), ('MODEL', model),
      ('STATUS', status::text), ('CODE', code)) AS grouped (dimension, value)
  WHERE installation.id = 1 AND unpriced > 0 GROUP BY 1, 2, 3, 4
) AS counted
WHERE sums.dimension = counted.dimension AND sums.whole_day = counted.whole_day
  AND sums.starts_at = counted.starts_at AND sums.value = counted.value;

-- Sums the days anew for another time zone: hours that midnight cuts now and did not before stay with the day in which
-- they begin. Nobody may add to the sums meanwhile; reports go on with the old ones.
CREATE OR REPLACE FUNCTION rebuild_usage_days(zone text) RETURNS void LANGUAGE plpgsql SET work_mem = '64MB' AS $$
BEGIN
  LOCK TABLE usage_rollups, usage_days, usage_measures IN EXCLUSIVE MODE;
  DELETE FROM usage_days;
  INSERT INTO usage_days (day, key_id, owner_id, provider_id, model, status, code, requests, input_tokens,
    output_tokens, cached_tokens, cost_micros, unpriced, latency_ms, latencies, first_tokens)
  SELECT day, key_id, (array_agg(owner_id))[1], provider_id, model, status, code, sum(requests), sum(input_tokens),
    sum(output_tokens), sum(cached_tokens), sum(cost_micros), sum(unpriced), sum(latency_ms), merged_sketch(latencies),
    merged_sketch(first_tokens)
  FROM usage_rollups JOIN (
    SELECT hour, local_day(hour, zone) AS day FROM (SELECT DISTINCT hour FROM usage_rollups) AS hours
  ) AS days USING (hour) GROUP BY 1, 2, 4, 5, 6, 7;
  DELETE FROM usage_measures WHERE whole_day;
  INSERT INTO usage_measures (whole_day, starts_at, dimension, value, requests, errors, input_tokens, output_tokens,
    cached_tokens, cost_micros, unpriced, latency_ms, latencies, first_tokens)
  SELECT true, local_day(starts_at, zone), dimension, value, sum(requests), sum(errors), sum(input_tokens),
    sum(output_tokens), sum(cached_tokens), sum(cost_micros), sum(unpriced), sum(latency_ms), merged_sketch(latencies),
    merged_sketch(first_tokens)
  FROM usage_measures WHERE NOT whole_day GROUP BY 2, 3, 4;
END $$;
