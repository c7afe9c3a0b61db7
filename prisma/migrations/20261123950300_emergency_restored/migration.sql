-- AlterTable
ALTER TABLE "emergency_operations" ADD COLUMN "restored_at" TIMESTAMPTZ(3),
ADD COLUMN "undone_by_id" UUID,
ADD COLUMN "undone_by_name" TEXT,
ADD COLUMN "undone_via" TEXT;

-- What was undone before was restored at once.
UPDATE "emergency_operations" SET "restored_at" = "undone_at" WHERE "undone_at" IS NOT NULL;

-- DropIndex
DROP INDEX "emergency_operations_finished_at_idx";

-- CreateIndex
CREATE INDEX "emergency_operations_finished_at_restored_at_idx" ON "emergency_operations"("finished_at", "restored_at");
