-- A page of the log that is narrowed to something rare would otherwise read every entry to find a few. What nearly all
-- entries have in common needs no index: a page of it is found at once by time.

-- CreateIndex
CREATE INDEX "usage_entries_provider_id_started_at_id_idx" ON "usage_entries"("provider_id", "started_at", "id");

-- CreateIndex
CREATE INDEX "usage_entries_model_asked_started_at_id_idx" ON "usage_entries"("model_asked", "started_at", "id");

-- CreateIndex
CREATE INDEX "usage_entries_status_started_at_id_idx" ON "usage_entries"("status", "started_at", "id") WHERE (status <> 200);

-- CreateIndex
CREATE INDEX "usage_entries_code_started_at_id_idx" ON "usage_entries"("code", "started_at", "id") WHERE (code IS NOT NULL);

-- CreateIndex
CREATE INDEX "usage_entries_end_started_at_id_idx" ON "usage_entries"("end", "started_at", "id");
