"""The statements on jobs, idempotency keys and the links that are being resolved."""

CLAIM_IDEMPOTENCY_KEYS = """
INSERT INTO idempotency_keys (key_id, idempotency_key, job_id)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[])
ON CONFLICT DO NOTHING
RETURNING job_id
"""

RELEASE_IDEMPOTENCY_KEYS = """
DELETE FROM idempotency_keys
USING unnest($1::bigint[], $2::text[]) AS released (key_id, idempotency_key)
WHERE idempotency_keys.key_id = released.key_id AND idempotency_keys.idempotency_key = released.idempotency_key
"""

INSERT = """
INSERT INTO jobs (id, account_id, key_id, url, link, provider, tier, cost, webhook_url, queue_position)
SELECT * FROM unnest(
    $1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::integer[], $9::text[],
    $10::integer[]
)
"""

STATE = """
SELECT jobs.id AS job_id, jobs.key_id, status, url, target_url, provider, tier, reason, credits_charged,
    queue_position, balance
"""

# LIMIT, here and below, keeps the planner from a join that scans the whole table. It prefers that one while its
# statistics are those of an empty table.
READ = (
    STATE  # noqa: S608 - nothing in it comes from outside
    + """
FROM unnest($1::uuid[]) AS asked (id)
CROSS JOIN LATERAL (SELECT * FROM jobs WHERE jobs.id = asked.id LIMIT 1) AS jobs
JOIN accounts ON accounts.id = jobs.account_id
"""
)

TRACE = "SELECT hops FROM jobs WHERE key_id = $1 AND id = $2"

REPLAY = (
    STATE
    + """
FROM idempotency_keys
JOIN jobs ON jobs.id = idempotency_keys.job_id
JOIN accounts ON accounts.id = jobs.account_id
WHERE idempotency_keys.key_id = $1 AND idempotency_keys.idempotency_key = $2
"""
)

# One statement for the tables of two rooms: it is what an answer from the cache costs
# (docs/decisions/0008-cached-answers.md).
FIND_CACHED = """
SELECT cached.link IS NOT NULL AS is_cached, target_url, provider, tier, balance
FROM unnest($1::bytea[], $2::bigint[]) WITH ORDINALITY AS asked (link_hash, account_id, position)
JOIN accounts ON accounts.id = asked.account_id
LEFT JOIN LATERAL (
    SELECT link, target_url, provider, tier FROM links WHERE links.link = asked.link_hash AND expires_at > now() LIMIT 1
) AS cached ON true
ORDER BY position
"""

LINK_HASHES = """
SELECT id, link AS link_hash FROM jobs WHERE id = ANY($1::uuid[]) AND status IN ('queued', 'running') ORDER BY link, id
"""

LEAD = """
INSERT INTO flights (link, job_id) SELECT * FROM unnest($1::bytea[], $2::uuid[]) ON CONFLICT DO NOTHING
"""

# The lock lasts until the followers are written down, so that the leader's end cannot miss them.
LEADERS = "SELECT link AS link_hash, job_id FROM flights WHERE link = ANY($1::bytea[]) ORDER BY link FOR SHARE"

FOLLOW = """
INSERT INTO passengers (link, job_id) SELECT * FROM unnest($1::bytea[], $2::uuid[]) ON CONFLICT DO NOTHING
"""

RELEASE_FOLLOWERS = """
DELETE FROM passengers WHERE link = ANY($1::bytea[]) RETURNING link AS link_hash, job_id
"""

START = """
UPDATE jobs SET status = 'running', attempt = attempt + 1, lease = started.lease, started_at = now()
FROM unnest($1::uuid[], $2::uuid[]) AS started (id, lease)
WHERE jobs.id = started.id AND status IN ('queued', 'running')
RETURNING jobs.id AS job_id, attempt, jobs.lease, account_id, url, link AS link_hash, provider, tier, cost AS price
"""

# What nearly every job needs, in one statement. A job whose link another job leads comes back without an attempt.
START_LEADING = """
WITH mine AS (
    SELECT jobs.id, jobs.link, asked.lease
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (id, lease) JOIN jobs ON jobs.id = asked.id
    WHERE status IN ('queued', 'running')
), boarded AS (
    INSERT INTO flights (link, job_id) SELECT DISTINCT ON (link) link, id FROM mine ORDER BY link, id
    ON CONFLICT DO NOTHING
    RETURNING job_id
), started AS (
    UPDATE jobs SET status = 'running', attempt = attempt + 1, lease = mine.lease, started_at = now()
    FROM mine JOIN boarded ON boarded.job_id = mine.id
    WHERE jobs.id = mine.id AND status IN ('queued', 'running')
    RETURNING jobs.id AS job_id, attempt, jobs.lease, account_id, url, jobs.link AS link_hash, provider, tier,
        cost AS price
)
SELECT mine.id, started.* FROM mine LEFT JOIN started ON started.job_id = mine.id
"""

# It names the price that the attempt knows, so that a second call changes nothing.
CHANGE_PRICE = """
UPDATE jobs SET cost = $5
WHERE id = $1 AND attempt = $2 AND lease = $3 AND status = 'running' AND cost = $4
RETURNING true
"""

REQUEUE = """
UPDATE jobs SET status = 'queued', lease = NULL, attempt = attempt - 1
WHERE id = $1 AND attempt = $2 AND lease = $3 AND status = 'running'
"""

# Attempt and lease are the fence: those of a worker that was presumed dead are no longer the job's.
END = """
WITH ended AS (
    UPDATE jobs
    SET status = ended.status, lease = NULL, finished_at = now(), target_url = ended.target_url,
        provider = coalesce(ended.provider, jobs.provider), tier = coalesce(ended.tier, jobs.tier),
        reason = ended.reason, hops = ended.hops, credits_charged = least(ended.price, cost)
    FROM unnest(
        $1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::jsonb[], $10::integer[]
    ) AS ended (id, attempt, lease, status, target_url, provider, tier, reason, hops, price)
    WHERE jobs.id = ended.id AND jobs.attempt = ended.attempt AND jobs.lease = ended.lease
        AND jobs.status = 'running'
    RETURNING jobs.id, account_id, cost AS price, credits_charged, link AS link_hash, key_id, webhook_url, jobs.status,
        jobs.target_url, jobs.provider, jobs.tier
), landed AS (
    DELETE FROM flights USING ended WHERE flights.link = ended.link_hash AND flights.job_id = ended.id
)
SELECT * FROM ended
"""

END_FOLLOWERS = """
UPDATE jobs
SET status = ended.status, finished_at = now(), target_url = ended.target_url,
    provider = coalesce(ended.provider, jobs.provider), tier = coalesce(ended.tier, jobs.tier), reason = ended.reason
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS ended (id, status, target_url, provider, tier, reason)
WHERE jobs.id = ended.id AND jobs.status = 'queued'
RETURNING jobs.id, account_id, cost AS price, credits_charged, key_id, webhook_url, jobs.status, jobs.target_url,
    jobs.provider, jobs.tier
"""

PRUNE_IDEMPOTENCY_KEYS = """
DELETE FROM idempotency_keys WHERE (key_id, idempotency_key) IN (
    SELECT key_id, idempotency_key FROM idempotency_keys WHERE created_at < now() - $1::interval
    ORDER BY created_at LIMIT $2
)
"""

PRUNE_JOBS = """
DELETE FROM jobs WHERE id IN (
    SELECT id FROM jobs WHERE id < $1 AND status IN ('done', 'failed', 'invalid') ORDER BY id LIMIT $2
)
"""

CHANNEL = "linkskipper_jobs"
NOTIFY = f"SELECT pg_notify('{CHANNEL}', $1)"
