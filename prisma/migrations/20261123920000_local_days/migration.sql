-- The first instant of the calendar day that an instant is in. Where clocks are set back over midnight there are two
-- midnights, of which PostgreSQL takes the second: the first begins the day.
CREATE FUNCTION local_day(at timestamptz, zone text) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN date_trunc('day', date_trunc('day', at, zone) - interval '1 hour', zone) = date_trunc('day', at, zone)
    THEN date_trunc('day', at, zone) - interval '1 hour'
    ELSE date_trunc('day', at, zone) END
$$;

CREATE FUNCTION compact_sketch(sketch bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg((bucket << 40) | count ORDER BY bucket), '{}') FROM (
    SELECT element >> 40 AS bucket, sum(element & 1099511627775)::bigint AS count FROM unnest(sketch) AS element GROUP BY 1
  ) AS counted
$$;

-- Any number of histograms as one.
CREATE AGGREGATE merged_sketch(bigint[]) (SFUNC = array_cat, STYPE = bigint[], FINALFUNC = compact_sketch, PARALLEL = SAFE);

-- Sums the days anew for another time zone: hours that midnight cuts now and did not before stay with the day in which
-- they begin. Nobody may add to the sums meanwhile; reports go on with the old ones.
CREATE FUNCTION rebuild_usage_days(zone text) RETURNS void LANGUAGE plpgsql SET work_mem = '64MB' AS $$
BEGIN
  LOCK TABLE usage_rollups, usage_days, usage_durations IN EXCLUSIVE MODE;
  DELETE FROM usage_days;
  INSERT INTO usage_days (day, key_id, owner_id, provider_id, model, status, code, requests, input_tokens,
    output_tokens, cached_tokens, cost_micros, latency_ms, latencies, first_tokens)
  SELECT day, key_id, (array_agg(owner_id))[1], provider_id, model, status, code, sum(requests), sum(input_tokens),
    sum(output_tokens), sum(cached_tokens), sum(cost_micros), sum(latency_ms), merged_sketch(latencies),
    merged_sketch(first_tokens)
  FROM usage_rollups JOIN (
    SELECT hour, local_day(hour, zone) AS day FROM (SELECT DISTINCT hour FROM usage_rollups) AS hours
  ) AS days USING (hour) GROUP BY 1, 2, 4, 5, 6, 7;
  DELETE FROM usage_durations WHERE whole_day;
  INSERT INTO usage_durations (whole_day, starts_at, dimension, value, latencies, first_tokens)
  SELECT true, local_day(starts_at, zone), dimension, value, merged_sketch(latencies), merged_sketch(first_tokens)
  FROM usage_durations WHERE NOT whole_day GROUP BY 2, 3, 4;
END $$;
