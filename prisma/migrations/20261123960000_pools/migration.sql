CREATE TYPE "ProviderKind" AS ENUM ('SINGLE', 'POOL');

-- A pool is asked through its members: it has no address and no credential of its own.
ALTER TABLE "providers" ADD COLUMN "kind" "ProviderKind" NOT NULL DEFAULT 'SINGLE',
ADD COLUMN "repeats_unanswered" BOOLEAN NOT NULL DEFAULT false,
ALTER COLUMN "base_url" DROP NOT NULL,
ADD CONSTRAINT "providers_base_url_kind" CHECK (("kind" = 'POOL') = ("base_url" IS NULL)),
ADD CONSTRAINT "providers_credential_kind" CHECK ("kind" = 'SINGLE' OR "sealed_credential" IS NULL);

CREATE TABLE "pool_members" (
    "pool_id" UUID NOT NULL,
    "provider_id" UUID NOT NULL,
    "order" INTEGER NOT NULL,
    "weight" INTEGER NOT NULL,
    "models" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "pool_members_pkey" PRIMARY KEY ("pool_id","provider_id")
);

CREATE INDEX "pool_members_provider_id_idx" ON "pool_members"("provider_id");

ALTER TABLE "pool_members" ADD CONSTRAINT "pool_members_pool_id_fkey" FOREIGN KEY ("pool_id") REFERENCES "providers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "pool_members" ADD CONSTRAINT "pool_members_provider_id_fkey" FOREIGN KEY ("provider_id") REFERENCES "providers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "usage_entries" ADD COLUMN "answered_by_id" UUID,
ADD COLUMN "attempts" SMALLINT NOT NULL DEFAULT 1;

CREATE INDEX "usage_entries_answered_by_id_started_at_id_idx" ON "usage_entries"("answered_by_id", "started_at", "id") WHERE (answered_by_id IS NOT NULL);
