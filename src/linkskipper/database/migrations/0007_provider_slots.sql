-- Provider slots that queue entries hold. Jobs that wait for a slot keep their place in the line.

ALTER TABLE provider_places RENAME TO provider_slots;
ALTER TABLE provider_slots RENAME CONSTRAINT provider_places_pkey TO provider_slots_pkey;
DELETE FROM provider_slots WHERE until IS NOT NULL;
DROP INDEX provider_places_taken, provider_places_awaited;
ALTER TABLE provider_slots DROP CONSTRAINT provider_places_check, DROP COLUMN worker, DROP COLUMN until;
ALTER TABLE provider_slots
    ADD COLUMN entry_id bigint,
    ADD COLUMN lease uuid,
    ADD CHECK (lease IS NULL OR entry_id IS NOT NULL);
CREATE INDEX provider_slots_held ON provider_slots (provider, entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX provider_slots_waiting ON provider_slots (provider, job_id) WHERE entry_id IS NULL;
COMMENT ON TABLE provider_slots IS 'jobs at a provider with a concurrency limit, and jobs that wait for a slot there';
COMMENT ON COLUMN provider_slots.entry_id IS 'NULL: the job waits; else the queue entry that holds the slot';
COMMENT ON COLUMN provider_slots.lease IS 'lease of the attempt that uses the slot; NULL: no attempt has taken it yet';

ALTER TABLE provider_pace RENAME TO provider_pacing;
ALTER TABLE provider_pacing RENAME CONSTRAINT provider_pace_pkey TO provider_pacing_pkey;
COMMENT ON TABLE provider_pacing IS 'the time of the next request to a provider with a minimum interval';
