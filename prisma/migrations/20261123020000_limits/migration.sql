-- CreateEnum
CREATE TYPE "LimitTarget" AS ENUM ('KEY', 'USER', 'GROUP', 'PROVIDER', 'MODEL', 'EVERYTHING');

-- CreateEnum
CREATE TYPE "LimitMetric" AS ENUM ('REQUESTS', 'TOKENS', 'CONCURRENCY', 'MONEY');

-- CreateEnum
CREATE TYPE "LimitPeriod" AS ENUM ('MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'TOTAL');

-- AlterTable
ALTER TABLE "installation" ADD COLUMN "currency" TEXT NOT NULL DEFAULT 'USD',
ADD COLUMN "default_max_tokens" INTEGER NOT NULL DEFAULT 1024,
ADD COLUMN "usage_retention_days" INTEGER NOT NULL DEFAULT 400;

-- CreateTable
CREATE TABLE "limits" (
    "id" UUID NOT NULL,
    "name" TEXT,
    "target" "LimitTarget" NOT NULL,
    "key_id" UUID,
    "user_id" UUID,
    "group_id" UUID,
    "provider_id" UUID,
    "model_pattern" TEXT,
    "metric" "LimitMetric" NOT NULL,
    "period" "LimitPeriod",
    "amount" BIGINT NOT NULL,
    "raised_amount" BIGINT,
    "raised_until" TIMESTAMPTZ(3),
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "allow_unpriced" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "limits_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "limit_windows" (
    "limit_id" UUID NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "used" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "limit_windows_pkey" PRIMARY KEY ("limit_id","starts_at")
);

-- CreateTable
CREATE TABLE "limit_nodes" (
    "id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "limit_nodes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "limit_leases" (
    "limit_id" UUID NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "node_id" UUID NOT NULL,
    "idle" BIGINT NOT NULL,
    "reserved" BIGINT NOT NULL,
    "unstored" BIGINT NOT NULL,
    "report" BIGINT NOT NULL,

    CONSTRAINT "limit_leases_pkey" PRIMARY KEY ("limit_id","starts_at","node_id")
);

-- CreateTable
CREATE TABLE "prices" (
    "id" UUID NOT NULL,
    "provider_id" UUID NOT NULL,
    "model_pattern" TEXT NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "input_micros" BIGINT NOT NULL,
    "output_micros" BIGINT NOT NULL,
    "cached_micros" BIGINT,
    "currency" TEXT NOT NULL DEFAULT 'USD',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "prices_pkey" PRIMARY KEY ("id")
);

-- AlterTable
ALTER TABLE "usage_rollups" ADD COLUMN "latencies" BIGINT[] DEFAULT ARRAY[]::BIGINT[],
ADD COLUMN "first_tokens" BIGINT[] DEFAULT ARRAY[]::BIGINT[];

-- CreateTable
CREATE TABLE "usage_days" (
    "day" TIMESTAMPTZ(3) NOT NULL,
    "key_id" UUID NOT NULL,
    "owner_id" UUID NOT NULL,
    "provider_id" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "status" SMALLINT NOT NULL,
    "code" TEXT NOT NULL,
    "requests" INTEGER NOT NULL,
    "input_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "cached_tokens" BIGINT NOT NULL,
    "cost_micros" BIGINT NOT NULL,
    "latency_ms" BIGINT NOT NULL,
    "latencies" BIGINT[] DEFAULT ARRAY[]::BIGINT[],
    "first_tokens" BIGINT[] DEFAULT ARRAY[]::BIGINT[],

    CONSTRAINT "usage_days_pkey" PRIMARY KEY ("day","key_id","provider_id","model","status","code")
);

-- CreateTable
CREATE TABLE "events" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "details" JSONB NOT NULL,
    "occasion" TEXT NOT NULL,
    "delivered_at" TIMESTAMPTZ(3),

    CONSTRAINT "events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "limits_key_id_idx" ON "limits"("key_id");

-- CreateIndex
CREATE INDEX "limits_user_id_idx" ON "limits"("user_id");

-- CreateIndex
CREATE INDEX "limits_group_id_idx" ON "limits"("group_id");

-- CreateIndex
CREATE INDEX "limits_provider_id_idx" ON "limits"("provider_id");

-- CreateIndex
CREATE INDEX "limits_created_at_id_idx" ON "limits"("created_at", "id");

-- CreateIndex
CREATE INDEX "limit_windows_starts_at_idx" ON "limit_windows"("starts_at");

-- CreateIndex
CREATE INDEX "limit_leases_node_id_idx" ON "limit_leases"("node_id");

-- CreateIndex
CREATE INDEX "limit_leases_starts_at_idx" ON "limit_leases"("starts_at");

-- CreateIndex
CREATE INDEX "prices_model_pattern_id_idx" ON "prices"("model_pattern", "id");

-- CreateIndex
CREATE UNIQUE INDEX "prices_provider_model_from_key" ON "prices"("provider_id", "model_pattern", "effective_from");

-- CreateIndex
CREATE INDEX "usage_days_owner_id_day_idx" ON "usage_days"("owner_id", "day");

-- CreateIndex
CREATE INDEX "usage_days_key_id_day_idx" ON "usage_days"("key_id", "day");

-- CreateIndex
CREATE UNIQUE INDEX "events_occasion_key" ON "events"("occasion");

-- CreateIndex
CREATE INDEX "events_delivered_at_at_idx" ON "events"("delivered_at", "at");

-- AddForeignKey
ALTER TABLE "limits" ADD CONSTRAINT "limits_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "limits" ADD CONSTRAINT "limits_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "limits" ADD CONSTRAINT "limits_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "groups"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "limits" ADD CONSTRAINT "limits_provider_id_fkey" FOREIGN KEY ("provider_id") REFERENCES "providers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "prices" ADD CONSTRAINT "prices_provider_id_fkey" FOREIGN KEY ("provider_id") REFERENCES "providers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A limit names exactly what its target says.
ALTER TABLE "limits" ADD CONSTRAINT "limits_one_target" CHECK (
  (target = 'KEY') = (key_id IS NOT NULL) AND (target = 'USER') = (user_id IS NOT NULL)
  AND (target = 'GROUP') = (group_id IS NOT NULL) AND (target = 'PROVIDER') = (provider_id IS NOT NULL)
  AND (target = 'MODEL') = (model_pattern IS NOT NULL)
);
ALTER TABLE "limits" ADD CONSTRAINT "limits_period" CHECK ((metric = 'CONCURRENCY') = (period IS NULL));
ALTER TABLE "limits" ADD CONSTRAINT "limits_amounts" CHECK (
  amount >= 0 AND (raised_amount IS NULL) = (raised_until IS NULL) AND coalesce(raised_amount, 0) >= 0
);

-- What a limit allows at an instant.
CREATE FUNCTION limit_amount(l limits, at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN l.raised_until > at THEN l.raised_amount ELSE l.amount END
$$;

-- What other nodes hold of a window. A node that is no longer heard of loses what it had not spent; what it had spent
-- but not stored stays, and so do its requests, which may have reached a provider.
CREATE FUNCTION limit_held(l limits, starts timestamptz, besides uuid, at timestamptz,
  OUT held bigint, OUT idle bigint, OUT reserved bigint, OUT unstored bigint) LANGUAGE sql STABLE AS $$
  SELECT
    coalesce(sum(CASE
      WHEN node.id IS NOT NULL THEN lease.idle + lease.reserved + lease.unstored
      WHEN l.metric = 'CONCURRENCY' THEN 0
      WHEN l.metric = 'REQUESTS' THEN lease.reserved + lease.unstored
      ELSE lease.unstored END), 0)::bigint,
    coalesce(sum(lease.idle) FILTER (WHERE node.id IS NOT NULL), 0)::bigint,
    coalesce(sum(lease.reserved) FILTER (WHERE node.id IS NOT NULL), 0)::bigint,
    coalesce(sum(lease.unstored) FILTER (WHERE node.id IS NOT NULL), 0)::bigint
  FROM limit_leases lease LEFT JOIN limit_nodes node ON node.id = lease.node_id AND node.expires_at > at
  WHERE lease.limit_id = l.id AND lease.starts_at = starts AND lease.node_id <> besides
$$;

-- A node says what it holds of a window and asks for more: the one statement that hands out slices. `span` null: the
-- calendar window that begins at `starts`; otherwise the running window of that many milliseconds, begun now when
-- there is none. What the node holds counts only when it is of that window (`known`). Nothing is given when even
-- `need` does not fit; then the others are asked to give back what they do not need, and to say what is left. No row:
-- there is no such limit.
CREATE FUNCTION lease_limit(
  the_limit uuid, node uuid, at timestamptz, starts timestamptz, span integer, known timestamptz,
  my_idle bigint, my_reserved bigint, my_unstored bigint, my_report bigint,
  need bigint, demand bigint, ahead bigint
) RETURNS TABLE (
  begins timestamptz, granted bigint, allowed bigint, spent bigint, others_idle bigint, others_reserved bigint, others_unstored bigint,
  available bigint, nodes integer
) LANGUAGE plpgsql AS $$
DECLARE
  l limits;
  mine bigint := my_idle + my_reserved + my_unstored;
  others_held bigint;
  extra bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(the_limit::text, 0));
  SELECT * INTO l FROM limits WHERE id = the_limit AND enabled AND deleted_at IS NULL;
  IF NOT FOUND THEN RETURN; END IF;
  begins := starts;
  IF span IS NOT NULL THEN
    SELECT max(w.starts_at) INTO begins FROM limit_windows w
      WHERE w.limit_id = the_limit AND w.starts_at > at - span * interval '1 ms';
    begins := coalesce(begins, at);
  END IF;
  IF known IS DISTINCT FROM begins THEN
    mine := 0; my_idle := 0; my_reserved := 0; my_unstored := 0;
  END IF;
  INSERT INTO limit_windows (limit_id, starts_at) VALUES (the_limit, begins) ON CONFLICT DO NOTHING;
  allowed := limit_amount(l, at);
  -- One snapshot: what moves from a lease to the sum in between would be in neither.
  SELECT w.used, h.held, h.idle, h.reserved, h.unstored
    INTO spent, others_held, others_idle, others_reserved, others_unstored
    FROM limit_windows w, limit_held(l, begins, node, at) h WHERE w.limit_id = the_limit AND w.starts_at = begins;
  SELECT greatest(count(*), 1) INTO nodes FROM limit_nodes n WHERE n.expires_at > at;
  available := allowed - spent - others_held - mine;
  granted := 0;
  IF available >= need THEN
    extra := least(ahead, greatest(0, (available - demand) / (4 * nodes)));
    -- Less than one request needs would only be missing elsewhere.
    granted := least(available, demand) + CASE WHEN extra >= need THEN extra ELSE 0 END;
  ELSIF others_idle + others_reserved > 0 THEN
    PERFORM pg_notify('aic_limits', the_limit::text);
  END IF;
  available := available - granted;
  INSERT INTO limit_leases AS lease (limit_id, starts_at, node_id, idle, reserved, unstored, report)
    VALUES (the_limit, begins, node, my_idle + granted, my_reserved, my_unstored, my_report)
    ON CONFLICT ON CONSTRAINT limit_leases_pkey DO UPDATE SET
      idle = excluded.idle, reserved = excluded.reserved, unstored = excluded.unstored, report = excluded.report
    WHERE lease.report < excluded.report;
  IF NOT FOUND THEN RAISE EXCEPTION 'a newer report of this node overtook this one' USING ERRCODE = '40001'; END IF;
  RETURN NEXT;
END $$;

-- The logarithmic bucket of a duration: bucket b holds what is in (1.04^(b-1), 1.04^b], so its middle is at most 2 % off.
CREATE FUNCTION latency_bucket(ms integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN ms <= 1 THEN 0 ELSE least(466, ceil(ln(ms::float8) / ln(1.04::float8) - 1e-9))::integer END
$$;

-- A histogram of durations: each element a bucket in the high bits and a count in the low 40.
CREATE FUNCTION sketch_of(durations integer[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg((bucket::bigint << 40) | count ORDER BY bucket), '{}') FROM (
    SELECT latency_bucket(ms) AS bucket, count(*) AS count FROM unnest(durations) AS ms WHERE ms IS NOT NULL GROUP BY 1
  ) AS counted
$$;

-- Two histograms as one.
CREATE FUNCTION merge_sketches(one bigint[], other bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg((bucket << 40) | count ORDER BY bucket), '{}') FROM (
    SELECT element >> 40 AS bucket, sum(element & 1099511627775)::bigint AS count
    FROM unnest(one || other) AS element GROUP BY 1
  ) AS counted
$$;

-- Days that were summed per hour before there were sums per day.
INSERT INTO usage_days (day, key_id, owner_id, provider_id, model, status, code, requests, input_tokens, output_tokens,
  cached_tokens, cost_micros, latency_ms)
SELECT date_trunc('day', hour, (SELECT time_zone FROM installation)), key_id, (array_agg(owner_id))[1], provider_id, model,
  status, code, sum(requests), sum(input_tokens), sum(output_tokens), sum(cached_tokens), sum(cost_micros), sum(latency_ms)
FROM usage_rollups GROUP BY 1, 2, 4, 5, 6, 7;

-- Drops the partitions of all days (UTC) before one, and says how many. The sums of those days stay.
CREATE FUNCTION drop_usage_partitions(before date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  name text;
  dropped integer := 0;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'usage_entries'::regclass AND c.relname ~ '^usage_entries_\d{8}$'
      AND to_date(right(c.relname, 8), 'YYYYMMDD') < before ORDER BY 1
  LOOP
    EXECUTE format('DROP TABLE IF EXISTS %I', name);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;
