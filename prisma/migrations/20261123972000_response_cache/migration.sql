ALTER TABLE "api_keys" ADD COLUMN "cache_seconds" INTEGER;

ALTER TABLE "rules" ADD COLUMN "cache_seconds" INTEGER,
ADD COLUMN "cache_shared" BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE "usage_entries" ADD COLUMN "saved_tokens" INTEGER;
