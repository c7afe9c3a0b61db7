-- What an entry costs the database is mostly its indexes. The primary key, time first, is also the order of the log, and
-- leads to an entry by its id, which begins with its time. Nearly all requests end as they should: a page of those is
-- found at once by time.

-- AlterTable
ALTER TABLE "usage_entries" DROP CONSTRAINT "usage_entries_pkey",
ADD CONSTRAINT "usage_entries_pkey" PRIMARY KEY ("started_at", "id");

-- DropIndex
DROP INDEX "usage_entries_started_at_idx";

-- DropIndex
DROP INDEX "usage_entries_started_at_id_idx";

-- DropIndex
DROP INDEX "usage_entries_end_started_at_id_idx";

-- CreateIndex
CREATE INDEX "usage_entries_end_started_at_id_idx" ON "usage_entries"("end", "started_at", "id") WHERE ("end" <> 'COMPLETE');
