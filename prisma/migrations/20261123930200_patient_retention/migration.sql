-- Drops the partitions of all days (UTC) before one, and says how many. The sums of those days stay. Whoever reads the
-- log holds this up, and whoever writes or reads after that would wait behind it: after a second it gives up, and what
-- is left goes the next time.
CREATE OR REPLACE FUNCTION drop_usage_partitions(before date) RETURNS integer LANGUAGE plpgsql
SET lock_timeout = '1s' AS $$
DECLARE
  name text;
  dropped integer := 0;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'usage_entries'::regclass AND c.relname ~ '^usage_entries_\d{8}$'
      AND to_date(right(c.relname, 8), 'YYYYMMDD') < before ORDER BY 1
  LOOP
    BEGIN
      EXECUTE format('DROP TABLE IF EXISTS %I', name);
    EXCEPTION WHEN lock_not_available THEN
      EXIT;
    END;
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;
