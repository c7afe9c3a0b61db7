-- CreateEnum
CREATE TYPE "Reviewer" AS ENUM ('OWNER', 'GROUP', 'ADMINISTRATORS');

-- CreateEnum
CREATE TYPE "ReviewDecision" AS ENUM ('KEPT', 'EXPIRED');

-- CreateTable
CREATE TABLE "access_reviews" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "reviewer" "Reviewer" NOT NULL,
    "reviewer_group_id" UUID,
    "key_type" TEXT,
    "provider_id" UUID,
    "owner_id" UUID,
    "expire_unanswered" BOOLEAN NOT NULL,
    "repeat_days" INTEGER,
    "created_by_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "signature" BYTEA,
    "previous_id" UUID,

    CONSTRAINT "access_reviews_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "review_items" (
    "id" UUID NOT NULL,
    "review_id" UUID NOT NULL,
    "key_id" UUID NOT NULL,
    "key_name" TEXT NOT NULL,
    "key_type" TEXT NOT NULL,
    "purpose" TEXT,
    "owner_id" UUID NOT NULL,
    "owner_name" TEXT NOT NULL,
    "provider_name" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "requests_30" BIGINT NOT NULL,
    "requests_90" BIGINT NOT NULL,
    "decision" "ReviewDecision",
    "comment" TEXT,
    "decided_by_id" UUID,
    "decided_by_name" TEXT,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "review_items_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "access_reviews_previous_id_key" ON "access_reviews"("previous_id");

-- CreateIndex
CREATE INDEX "access_reviews_created_at_id_idx" ON "access_reviews"("created_at", "id");

-- CreateIndex
CREATE INDEX "access_reviews_closed_at_due_at_idx" ON "access_reviews"("closed_at", "due_at");

-- CreateIndex
CREATE INDEX "review_items_review_id_key_name_id_idx" ON "review_items"("review_id", "key_name", "id");

-- CreateIndex
CREATE INDEX "review_items_owner_id_idx" ON "review_items"("owner_id");

-- CreateIndex
CREATE UNIQUE INDEX "review_items_review_id_key_id_key" ON "review_items"("review_id", "key_id");

-- AddForeignKey
ALTER TABLE "review_items" ADD CONSTRAINT "review_items_review_id_fkey" FOREIGN KEY ("review_id") REFERENCES "access_reviews"("id") ON DELETE CASCADE ON UPDATE CASCADE;
