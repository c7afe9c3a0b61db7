-- CreateEnum
CREATE TYPE "KeyDetail" AS ENUM ('PURPOSE', 'APPLICATION', 'ENVIRONMENT');

-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN "fields" JSONB NOT NULL DEFAULT '{}';

-- CreateTable
CREATE TABLE "policies" (
    "id" UUID NOT NULL,
    "key_type" TEXT NOT NULL,
    "naming_pattern" TEXT,
    "naming_examples" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "naming_counterexamples" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "required_details" "KeyDetail"[] DEFAULT ARRAY[]::"KeyDetail"[],
    "fields" JSONB NOT NULL DEFAULT '[]',
    "default_lifetime_days" INTEGER,
    "max_lifetime_days" INTEGER,
    "never_allowed" BOOLEAN NOT NULL DEFAULT false,
    "approval_required" BOOLEAN NOT NULL DEFAULT false,
    "approver_group_id" UUID,
    "max_keys_per_user" INTEGER,
    "provider_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "models" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "addresses" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "endpoints" "Endpoint"[] DEFAULT ARRAY[]::"Endpoint"[],
    "idle_days" INTEGER,
    "rotation_days" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "policies_pkey" PRIMARY KEY ("id")
);

-- DropIndex
DROP INDEX "api_keys_type_idx";

-- CreateIndex
CREATE INDEX "api_keys_type_id_idx" ON "api_keys"("type", "id");

-- CreateIndex
CREATE UNIQUE INDEX "policies_key_type_key" ON "policies"("key_type");

-- CreateIndex
CREATE INDEX "policies_approver_group_id_idx" ON "policies"("approver_group_id");

-- AddForeignKey
ALTER TABLE "policies" ADD CONSTRAINT "policies_key_type_fkey" FOREIGN KEY ("key_type") REFERENCES "key_types"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policies" ADD CONSTRAINT "policies_approver_group_id_fkey" FOREIGN KEY ("approver_group_id") REFERENCES "groups"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- The guide's "Expiration Guidelines".
INSERT INTO "policies" ("id", "key_type", "default_lifetime_days", "max_lifetime_days", "never_allowed")
SELECT gen_random_uuid(), "rules".* FROM (VALUES
    ('Development', 30, NULL::integer, true),
    ('Production', 90, 180, false),
    ('Emergency', 7, 7, false)
) AS "rules" ("key_type", "default_lifetime_days", "max_lifetime_days", "never_allowed")
JOIN "key_types" ON "key_types"."name" = "rules"."key_type";
