-- CreateTable
CREATE TABLE "default_limits" (
    "id" UUID NOT NULL,
    "policy_id" UUID NOT NULL,
    "metric" "LimitMetric" NOT NULL,
    "period" "LimitPeriod",
    "amount" BIGINT NOT NULL,
    "allow_unpriced" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "default_limits_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "default_limits_policy_id_idx" ON "default_limits"("policy_id");

-- AddForeignKey
ALTER TABLE "default_limits" ADD CONSTRAINT "default_limits_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policies"("id") ON DELETE CASCADE ON UPDATE CASCADE;
