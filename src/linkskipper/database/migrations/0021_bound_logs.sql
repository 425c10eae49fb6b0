-- The log of requests and the attempts of webhooks become partitions by time (0021 to 0023). The tables that hold the
-- rows so far become the first partitions, as they are. This file says where they end: at least a day from now, so
-- that no process writes a row beyond it before 0023. Only a clock that is a day ahead is refused meanwhile.

ALTER TABLE requests DROP CONSTRAINT requests_pkey, ADD PRIMARY KEY (at, id);

DO $$
DECLARE
    tomorrow timestamp := (now() + interval '1 day') AT TIME ZONE 'UTC';
    day timestamptz := (date_trunc('day', tomorrow) + interval '1 day') AT TIME ZONE 'UTC';
    monday timestamptz := (date_trunc('week', tomorrow) + interval '7 days') AT TIME ZONE 'UTC';
    first_id uuid := rpad(lpad(to_hex((extract(epoch FROM monday) * 1000)::bigint), 12, '0'), 32, '0');
BEGIN
    EXECUTE format('ALTER TABLE requests ADD CONSTRAINT requests_end CHECK (at < %L) NOT VALID', day);
    EXECUTE format(
        'ALTER TABLE webhook_attempts ADD CONSTRAINT webhook_attempts_end CHECK (delivery_id < %L) NOT VALID', first_id
    );
END;
$$;
