-- A partial index is only used for a value that is known when the question is planned. Ends come as text that is made an
-- enum while it runs.

-- DropIndex
DROP INDEX "usage_entries_end_started_at_id_idx";

-- CreateIndex
CREATE INDEX "usage_entries_end_started_at_id_idx" ON "usage_entries"("end", "started_at", "id");
