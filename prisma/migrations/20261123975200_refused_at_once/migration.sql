-- Which requests a limit of requests at once would have refused. `steps`: their numbers (from 1 on) in the order in which
-- they began, and in which they ended, then negative. One that is refused is never under way.
CREATE FUNCTION refused_at_once(steps integer[], room bigint) RETURNS SETOF integer LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  step integer;
  running bigint := 0;
  refused boolean[] := array_fill(false, ARRAY[cardinality(steps) / 2]);
BEGIN
  FOREACH step IN ARRAY steps LOOP
    IF step < 0 THEN
      IF NOT refused[-step] THEN running := running - 1; END IF;
    ELSIF running < room THEN
      running := running + 1;
    ELSE
      refused[step] := true;
      RETURN NEXT step;
    END IF;
  END LOOP;
END $$;
