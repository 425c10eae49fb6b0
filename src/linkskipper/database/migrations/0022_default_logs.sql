-- Rows beyond the end, which a wrong clock made, move to the default partitions. The others are checked without a lock
-- that reads or writes would wait for, so that 0023 need not read the tables.

CREATE TABLE requests_default (LIKE requests, PRIMARY KEY (at, id));
CREATE TABLE webhook_attempts_default (LIKE webhook_attempts, PRIMARY KEY (delivery_id, number));

DO $$
DECLARE
    day timestamptz;
    first_id uuid;
BEGIN
    SELECT substring(pg_get_constraintdef(oid) FROM '''(.*?)''') INTO STRICT day
    FROM pg_constraint WHERE conname = 'requests_end';
    SELECT substring(pg_get_constraintdef(oid) FROM '''(.*?)''') INTO STRICT first_id
    FROM pg_constraint WHERE conname = 'webhook_attempts_end';
    WITH moved AS (DELETE FROM requests WHERE at >= day RETURNING *)
    INSERT INTO requests_default SELECT * FROM moved;
    WITH moved AS (DELETE FROM webhook_attempts WHERE delivery_id >= first_id RETURNING *)
    INSERT INTO webhook_attempts_default SELECT * FROM moved;
END;
$$;

ALTER TABLE requests VALIDATE CONSTRAINT requests_end;
ALTER TABLE webhook_attempts VALIDATE CONSTRAINT webhook_attempts_end;
