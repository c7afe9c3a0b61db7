-- CreateEnum
CREATE TYPE "EmergencyScope" AS ENUM ('USER', 'GROUP', 'PROVIDER', 'ALL');

-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN "leaked_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "governance_settings" ADD COLUMN "leak_reporters" JSONB NOT NULL DEFAULT '[]';

-- CreateTable
CREATE TABLE "emergency_operations" (
    "id" UUID NOT NULL,
    "scope" "EmergencyScope" NOT NULL,
    "subject_id" UUID,
    "subject_name" TEXT,
    "actor_id" UUID NOT NULL,
    "actor_name" TEXT NOT NULL,
    "actor_via" TEXT NOT NULL,
    "address" TEXT,
    "request_id" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "total_keys" INTEGER NOT NULL,
    "ended_keys" INTEGER NOT NULL DEFAULT 0,
    "finished_at" TIMESTAMPTZ(3),
    "undone_at" TIMESTAMPTZ(3),
    "restored_keys" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "emergency_operations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "emergency_keys" (
    "operation_id" UUID NOT NULL,
    "key_id" UUID NOT NULL,
    "expired_at" TIMESTAMPTZ(3) NOT NULL,
    "previously" TIMESTAMPTZ(3),
    "restored_at" TIMESTAMPTZ(3),

    CONSTRAINT "emergency_keys_pkey" PRIMARY KEY ("operation_id","key_id")
);

-- CreateIndex
CREATE INDEX "emergency_operations_started_at_id_idx" ON "emergency_operations"("started_at", "id");

-- CreateIndex
CREATE INDEX "emergency_operations_finished_at_idx" ON "emergency_operations"("finished_at");

-- AddForeignKey
ALTER TABLE "emergency_keys" ADD CONSTRAINT "emergency_keys_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "emergency_operations"("id") ON DELETE CASCADE ON UPDATE CASCADE;
