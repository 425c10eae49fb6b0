-- The tables become partitions of new tables with their names. linkskipper.database.partitions explains the names of
-- partitions and makes the next ones. A row for which none exists goes to the default partition.

DO $$
DECLARE
    day timestamptz;
    first_id uuid;
    old_requests text;
    old_attempts text;
    next_id bigint := nextval('requests_id_seq');
BEGIN
    SELECT substring(pg_get_constraintdef(oid) FROM '''(.*?)''') INTO STRICT day
    FROM pg_constraint WHERE conname = 'requests_end';
    SELECT substring(pg_get_constraintdef(oid) FROM '''(.*?)''') INTO STRICT first_id
    FROM pg_constraint WHERE conname = 'webhook_attempts_end';
    old_requests := 'requests_before_' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD');
    old_attempts := 'webhook_attempts_before_' || to_char(
        to_timestamp(('x' || substr(replace(first_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000)
            AT TIME ZONE 'UTC', 'YYYYMMDD');
    ALTER TABLE requests ALTER COLUMN id DROP IDENTITY;
    EXECUTE format('ALTER TABLE requests RENAME TO %I', old_requests);
    EXECUTE format('ALTER INDEX requests_pkey RENAME TO %I', old_requests || '_pkey');
    EXECUTE format('ALTER INDEX requests_by_account RENAME TO %I', old_requests || '_by_account');
    EXECUTE format('ALTER TABLE webhook_attempts RENAME TO %I', old_attempts);
    EXECUTE format('ALTER INDEX webhook_attempts_pkey RENAME TO %I', old_attempts || '_pkey');

    CREATE TABLE requests (
        id bigint GENERATED ALWAYS AS IDENTITY,
        at timestamptz NOT NULL,
        account_id bigint NOT NULL,
        key_id bigint NOT NULL,
        request_id text NOT NULL,
        method text NOT NULL,
        path text NOT NULL,
        status smallint NOT NULL,
        code text,
        milliseconds real NOT NULL,
        job_id uuid,
        PRIMARY KEY (at, id)
    ) PARTITION BY RANGE (at);
    CREATE INDEX requests_by_account ON requests (account_id, id);
    COMMENT ON COLUMN requests.code IS 'code of the problem document, NULL for a success';
    CREATE TABLE webhook_attempts (
        delivery_id uuid NOT NULL,
        number integer NOT NULL,
        started_at timestamptz NOT NULL,
        milliseconds real NOT NULL,
        status integer,
        error text,
        response text,
        PRIMARY KEY (delivery_id, number)
    ) PARTITION BY RANGE (delivery_id);
    COMMENT ON COLUMN webhook_attempts.error IS 'NULL: the receiver accepted the event';
    COMMENT ON COLUMN webhook_attempts.response IS 'the beginning of the response body';

    EXECUTE format('ALTER TABLE requests ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', old_requests, day);
    EXECUTE format('ALTER TABLE webhook_attempts ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)',
        old_attempts, first_id);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT requests_end', old_requests);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT webhook_attempts_end', old_attempts);
    PERFORM setval('requests_id_seq', next_id, false);
END;
$$;

ALTER TABLE requests ATTACH PARTITION requests_default DEFAULT;
ALTER TABLE webhook_attempts ATTACH PARTITION webhook_attempts_default DEFAULT;
