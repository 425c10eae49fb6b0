-- Slots at providers that limit concurrency, and the time of the next request to each provider.

CREATE TABLE provider_places (
    provider text NOT NULL,
    job_id uuid NOT NULL,
    queue text NOT NULL,
    worker uuid,
    until timestamptz,
    PRIMARY KEY (provider, job_id),
    CHECK (worker IS NULL OR until IS NOT NULL)
) WITH (fillfactor = 50);
CREATE INDEX provider_places_taken ON provider_places (provider, until) WHERE until IS NOT NULL;
CREATE INDEX provider_places_awaited ON provider_places (provider, job_id) WHERE until IS NULL;
COMMENT ON TABLE provider_places IS 'the jobs that are at a provider, or wait to be, where their number is limited';
COMMENT ON COLUMN provider_places.until IS 'NULL: it waits; else the place is lost then, unless its worker renews it';
COMMENT ON COLUMN provider_places.worker IS 'NULL: no worker has taken up the job yet';

CREATE TABLE provider_pace (
    provider text PRIMARY KEY,
    next_at timestamptz NOT NULL
) WITH (fillfactor = 50);
