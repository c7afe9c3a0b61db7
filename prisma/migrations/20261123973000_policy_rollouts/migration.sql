-- CreateEnum
CREATE TYPE "PolicyChoice" AS ENUM ('LEAVE', 'CAP', 'ASK_OWNERS');

-- CreateTable
CREATE TABLE "policy_rollouts" (
    "id" UUID NOT NULL,
    "policy_id" UUID NOT NULL,
    "policy_version" INTEGER NOT NULL,
    "choice" "PolicyChoice" NOT NULL,
    "actor_id" UUID NOT NULL,
    "actor_name" TEXT NOT NULL,
    "actor_via" TEXT NOT NULL,
    "address" TEXT,
    "request_id" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "broken_keys" INTEGER NOT NULL,
    "total_keys" INTEGER NOT NULL,
    "done_keys" INTEGER NOT NULL DEFAULT 0,
    "changed_keys" INTEGER NOT NULL DEFAULT 0,
    "after_id" UUID NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "policy_rollouts_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "policy_rollouts_policy_id_started_at_idx" ON "policy_rollouts"("policy_id", "started_at");

-- CreateIndex
CREATE INDEX "policy_rollouts_finished_at_started_at_idx" ON "policy_rollouts"("finished_at", "started_at");
