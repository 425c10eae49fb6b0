-- Standard names for credits and links, leaders and followers found at submission, canonical URLs, traces with a limit.

ALTER TABLE ledger DROP CONSTRAINT ledger_kind_check, DROP CONSTRAINT ledger_check, DROP CONSTRAINT ledger_check1;
UPDATE ledger SET kind = CASE kind WHEN 'take' THEN 'charge' ELSE 'adjustment' END WHERE kind IN ('take', 'correction');
ALTER TABLE ledger
    ADD CONSTRAINT ledger_kind_check CHECK (kind IN ('grant', 'charge', 'adjustment')),
    ADD CONSTRAINT ledger_job_check CHECK ((kind = 'charge') = (job_id IS NOT NULL)),
    ADD CONSTRAINT ledger_sign_check CHECK (
        CASE kind WHEN 'charge' THEN amount < 0 WHEN 'grant' THEN amount > 0 ELSE true END
    );
ALTER INDEX ledger_one_charge_a_job RENAME TO ledger_one_charge_per_job;

ALTER TABLE links RENAME TO cached_links;
ALTER TABLE cached_links RENAME COLUMN link TO link_hash;
ALTER TABLE cached_links RENAME COLUMN url TO canonical_url;
ALTER INDEX links_pkey RENAME TO cached_links_pkey;
ALTER INDEX links_by_expiry RENAME TO cached_links_by_expiry;
COMMENT ON COLUMN cached_links.link_hash IS 'SHA-256 of the canonical URL';
COMMENT ON COLUMN cached_links.target_url IS 'NULL: the shortener removed the link';
-- A worker could read another link in a submitted text than the API did, and store its target under the wrong link.
DELETE FROM cached_links WHERE link_hash <> sha256(convert_to(canonical_url, 'UTF8'));

ALTER TABLE jobs RENAME COLUMN link TO link_hash;
ALTER TABLE jobs RENAME COLUMN cost TO price;
ALTER TABLE jobs RENAME CONSTRAINT jobs_cost_check TO jobs_price_check;
ALTER TABLE jobs
    ADD COLUMN canonical_url text,
    ADD COLUMN leader_id uuid,
    ADD COLUMN omitted_hops integer NOT NULL DEFAULT 0 CHECK (omitted_hops >= 0),
    ADD CONSTRAINT jobs_follower_check CHECK (leader_id IS NULL OR (status <> 'running' AND credits_charged = 0));
COMMENT ON COLUMN jobs.url IS 'the text as submitted';
COMMENT ON COLUMN jobs.canonical_url IS 'the URL to resolve, NULL in jobs from before this column';
COMMENT ON COLUMN jobs.link_hash IS 'SHA-256 of the canonical URL';
COMMENT ON COLUMN jobs.price IS 'credits held while the job is under way';
COMMENT ON COLUMN jobs.leader_id IS 'the job that resolves the link for this one, which is in no queue';
COMMENT ON COLUMN jobs.omitted_hops IS 'hops at the end of the trace that were not stored';
-- No index of jobs names a column that changes while a job lives, so that its updates stay on their page (HOT).
CREATE INDEX jobs_by_leader ON jobs (leader_id) WHERE leader_id IS NOT NULL;

ALTER TABLE flights RENAME TO inflight_links;
ALTER TABLE inflight_links RENAME COLUMN link TO link_hash;
ALTER TABLE inflight_links ADD COLUMN has_followers boolean NOT NULL DEFAULT false;
ALTER INDEX flights_pkey RENAME TO inflight_links_pkey;
COMMENT ON TABLE inflight_links IS 'the links of jobs under way, each with the job that leads';
-- A job could end just while a worker began it once more. That left its link behind.
DELETE FROM inflight_links WHERE NOT EXISTS (
    SELECT FROM jobs WHERE jobs.id = inflight_links.job_id AND status IN ('queued', 'running')
);
-- Jobs that wait in the queue had no leader yet. Those for the same link follow the first one from now on. Their queue
-- entries stay and start nothing.
INSERT INTO inflight_links (link_hash, job_id)
SELECT DISTINCT ON (link_hash) link_hash, id FROM jobs WHERE status IN ('queued', 'running')
ORDER BY link_hash, status = 'running' DESC, id
ON CONFLICT DO NOTHING;
UPDATE jobs SET leader_id = inflight_links.job_id FROM inflight_links
WHERE jobs.link_hash = inflight_links.link_hash AND jobs.id <> inflight_links.job_id AND jobs.status = 'queued';
UPDATE inflight_links SET has_followers = true WHERE job_id IN (SELECT leader_id FROM jobs WHERE leader_id IS NOT NULL);
DROP TABLE passengers;
