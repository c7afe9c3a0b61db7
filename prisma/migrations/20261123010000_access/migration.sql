-- CreateEnum
CREATE TYPE "Endpoint" AS ENUM ('CHAT', 'COMPLETIONS', 'EMBEDDINGS', 'RESPONSES', 'MESSAGES', 'MODELS');

-- CreateEnum
CREATE TYPE "RefusalCause" AS ENUM ('RULE', 'KEY_RESTRICTION', 'ADDRESS', 'PROVIDER_MODELS', 'LIMIT');

-- DropIndex
DROP INDEX "rules_name_key";

-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN "addresses" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN "endpoints" "Endpoint"[] DEFAULT ARRAY[]::"Endpoint"[],
ADD COLUMN "models" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "rules" ADD COLUMN "deleted_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "usage_entries" ADD COLUMN "refused_by_id" UUID,
ADD COLUMN "refused_by_type" "RefusalCause";

-- CreateIndex
CREATE UNIQUE INDEX "rules_name_live_key" ON "rules"("name") WHERE (deleted_at IS NULL);
