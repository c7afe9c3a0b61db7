-- Parts of words are found by their trigrams: the extension comes with PostgreSQL and needs no superuser.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- What a search looks at, so that one index answers it.
ALTER TABLE "api_keys" ADD COLUMN "search_text" TEXT GENERATED ALWAYS AS (
  lower(name || E'\n' || coalesce(purpose, '') || E'\n' || coalesce(application, ''))
) STORED;

-- CreateIndex
CREATE INDEX "api_keys_application_id_idx" ON "api_keys"("application", "id");

-- CreateIndex
CREATE INDEX "api_keys_search_text_idx" ON "api_keys" USING GIN ("search_text" gin_trgm_ops);

-- With this collation the beginning of a public id is found in a database of any locale.
CREATE INDEX "key_secrets_public_id_prefix_idx" ON "key_secrets"("public_id" COLLATE "C");

-- CreateIndex
CREATE INDEX "key_secrets_superseded_idx" ON "key_secrets"("key_id") WHERE (superseded_at IS NOT NULL);

-- CreateIndex
CREATE INDEX "api_keys_pending_idx" ON "api_keys"("created_at", "id") WHERE (pending);

-- Narrow enough to count the living by.
CREATE INDEX "api_keys_living_idx" ON "api_keys"("type", "expires_at", "pending", "owner_id", "provider_id") WHERE (deleted_at IS NULL);

-- CreateIndex
CREATE INDEX "review_items_key_id_decision_idx" ON "review_items"("key_id", "decision");

-- AddForeignKey
ALTER TABLE "review_items" ADD CONSTRAINT "review_items_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;
