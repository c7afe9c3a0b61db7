-- AlterTable
ALTER TABLE "key_secrets" ADD COLUMN "request_count" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN "superseded_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE UNIQUE INDEX "key_secrets_current_key" ON "key_secrets"("key_id") WHERE (superseded_at IS NULL);

-- What was counted before there was a counter.
UPDATE "key_secrets" SET "request_count" = "counted"."requests"
FROM (SELECT "secret_id", count(*) AS "requests" FROM "usage_entries" GROUP BY "secret_id") AS "counted"
WHERE "key_secrets"."id" = "counted"."secret_id";
