-- Tokens that the provider did not say are counted here, and marked as such.
ALTER TABLE "usage_entries" ADD COLUMN "tokens_estimated" BOOLEAN NOT NULL DEFAULT false;
