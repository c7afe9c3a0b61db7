-- CreateEnum
CREATE TYPE "KeyRequestStatus" AS ENUM ('PENDING', 'APPROVED', 'DECLINED', 'WITHDRAWN', 'EXPIRED');

-- CreateTable
CREATE TABLE "governance_settings" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "self_approval_allowed" BOOLEAN NOT NULL DEFAULT false,
    "request_days" INTEGER NOT NULL DEFAULT 14,
    "administrators_told" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "governance_settings_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_requests" (
    "id" UUID NOT NULL,
    "key_id" UUID NOT NULL,
    "requester_id" UUID NOT NULL,
    "status" "KeyRequestStatus" NOT NULL DEFAULT 'PENDING',
    "lifetime_is_default" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_by_id" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "comment" TEXT,
    "claimed_at" TIMESTAMPTZ(3),

    CONSTRAINT "key_requests_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "key_requests_key_id_key" ON "key_requests"("key_id");

-- CreateIndex
CREATE INDEX "key_requests_created_at_id_idx" ON "key_requests"("created_at", "id");

-- CreateIndex
CREATE INDEX "key_requests_requester_id_idx" ON "key_requests"("requester_id");

-- CreateIndex
CREATE INDEX "key_requests_decided_by_id_idx" ON "key_requests"("decided_by_id");

-- CreateIndex
CREATE INDEX "key_requests_status_expires_at_idx" ON "key_requests"("status", "expires_at");

-- AddForeignKey
ALTER TABLE "key_requests" ADD CONSTRAINT "key_requests_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "key_requests" ADD CONSTRAINT "key_requests_requester_id_fkey" FOREIGN KEY ("requester_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "key_requests" ADD CONSTRAINT "key_requests_decided_by_id_fkey" FOREIGN KEY ("decided_by_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

INSERT INTO "governance_settings" ("id") VALUES (1);
