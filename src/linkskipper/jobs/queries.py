"""The statements on jobs and idempotency_keys, and how long the queue is."""

CLAIM_IDEMPOTENCY_KEYS = """
INSERT INTO idempotency_keys (key_id, idempotency_key, job_id)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[])
ON CONFLICT DO NOTHING
RETURNING job_id
"""

GIVE_UP_IDEMPOTENCY_KEYS = """
DELETE FROM idempotency_keys
USING unnest($1::bigint[], $2::text[]) AS given (key_id, idempotency_key)
WHERE idempotency_keys.key_id = given.key_id AND idempotency_keys.idempotency_key = given.idempotency_key
"""

INSERT = """
INSERT INTO jobs (id, account_id, key_id, url, link, provider, tier, cost, webhook_url, queue_position)
SELECT * FROM unnest(
    $1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::integer[], $9::text[],
    $10::integer[]
)
"""

STATE = """
SELECT jobs.id AS job_id, jobs.key_id, status, url, target_url, provider, tier, reason, hops, credits_charged,
    queue_position, balance
"""

# LIMIT, here and below, keeps the planner from joining by a scan of the whole table, which it likes as long as its
# statistics are those of an empty one.
READ = (
    STATE  # noqa: S608 - nothing in it comes from outside
    + """
FROM unnest($1::uuid[]) AS asked (id)
CROSS JOIN LATERAL (SELECT * FROM jobs WHERE jobs.id = asked.id LIMIT 1) AS jobs
JOIN accounts ON accounts.id = jobs.account_id
"""
)

REPLAY = (
    STATE
    + """
FROM idempotency_keys
JOIN jobs ON jobs.id = idempotency_keys.job_id
JOIN accounts ON accounts.id = jobs.account_id
WHERE idempotency_keys.key_id = $1 AND idempotency_keys.idempotency_key = $2
"""
)

# Two rooms' tables in one statement, as it is what an answer from the cache costs.
LOOK = """
SELECT cached.link IS NOT NULL AS known, target_url, provider, tier, balance
FROM unnest($1::bytea[], $2::bigint[]) WITH ORDINALITY AS asked (link, account_id, place)
JOIN accounts ON accounts.id = asked.account_id
LEFT JOIN LATERAL (
    SELECT link, target_url, provider, tier FROM links WHERE links.link = asked.link AND expires_at > now() LIMIT 1
) AS cached ON true
ORDER BY place
"""

LINKS = "SELECT id, link FROM jobs WHERE id = ANY($1::uuid[]) AND status IN ('queued', 'running') ORDER BY link, id"

BOARD = """
INSERT INTO flights (link, job_id) SELECT * FROM unnest($1::bytea[], $2::uuid[]) ON CONFLICT DO NOTHING
"""

# Held until the passengers are written down, so that the leader's end cannot overlook them.
LEADERS = "SELECT link, job_id FROM flights WHERE link = ANY($1::bytea[]) ORDER BY link FOR SHARE"

FOLLOW = """
INSERT INTO passengers (link, job_id) SELECT * FROM unnest($1::bytea[], $2::uuid[]) ON CONFLICT DO NOTHING
"""

ALIGHT = "DELETE FROM passengers WHERE link = ANY($1::bytea[]) RETURNING link, job_id"

START = """
UPDATE jobs SET status = 'running', attempt = attempt + 1, lease = given.lease, started_at = now()
FROM unnest($1::uuid[], $2::uuid[]) AS given (id, lease)
WHERE jobs.id = given.id AND status IN ('queued', 'running')
RETURNING jobs.id AS job_id, attempt, jobs.lease, account_id, url, link, provider, tier, cost
"""

# What nearly every job needs, in one statement; those whose link another job leads come back without an attempt.
START_LEADING = """
WITH mine AS (
    SELECT jobs.id, jobs.link, given.lease
    FROM unnest($1::uuid[], $2::uuid[]) AS given (id, lease) JOIN jobs ON jobs.id = given.id
    WHERE status IN ('queued', 'running')
), boarded AS (
    INSERT INTO flights (link, job_id) SELECT DISTINCT ON (link) link, id FROM mine ORDER BY link, id
    ON CONFLICT DO NOTHING
    RETURNING job_id
), started AS (
    UPDATE jobs SET status = 'running', attempt = attempt + 1, lease = mine.lease, started_at = now()
    FROM mine JOIN boarded ON boarded.job_id = mine.id
    WHERE jobs.id = mine.id AND status IN ('queued', 'running')
    RETURNING jobs.id AS job_id, attempt, jobs.lease, account_id, url, jobs.link, provider, tier, cost
)
SELECT mine.id, started.* FROM mine LEFT JOIN started ON started.job_id = mine.id
"""

# From the price that the attempt knows: a second call changes nothing, nor does one of an attempt that is over.
CHANGE_COST = """
UPDATE jobs SET cost = $5
WHERE id = $1 AND attempt = $2 AND lease = $3 AND status = 'running' AND cost = $4
RETURNING true
"""

REQUEUE = """
UPDATE jobs SET status = 'queued', lease = NULL, attempt = attempt - 1
WHERE id = $1 AND attempt = $2 AND lease = $3 AND status = 'running'
"""

# The fence: a worker that was presumed dead and comes back names an attempt and lease that are no longer the job's.
END = """
WITH ended AS (
    UPDATE jobs
    SET status = ended.status, lease = NULL, finished_at = now(), target_url = ended.target_url,
        provider = coalesce(ended.provider, jobs.provider), tier = coalesce(ended.tier, jobs.tier),
        reason = ended.reason, hops = ended.hops, credits_charged = least(ended.charge, cost)
    FROM unnest(
        $1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::jsonb[], $10::integer[]
    ) AS ended (id, attempt, lease, status, target_url, provider, tier, reason, hops, charge)
    WHERE jobs.id = ended.id AND jobs.attempt = ended.attempt AND jobs.lease = ended.lease
        AND jobs.status = 'running'
    RETURNING jobs.id, account_id, cost, credits_charged, link, key_id, webhook_url, jobs.status, jobs.target_url,
        jobs.provider, jobs.tier
), landed AS (
    DELETE FROM flights USING ended WHERE flights.link = ended.link AND flights.job_id = ended.id
)
SELECT * FROM ended
"""

END_PASSENGERS = """
UPDATE jobs
SET status = ended.status, finished_at = now(), target_url = ended.target_url,
    provider = coalesce(ended.provider, jobs.provider), tier = coalesce(ended.tier, jobs.tier), reason = ended.reason
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS ended (id, status, target_url, provider, tier, reason)
WHERE jobs.id = ended.id AND jobs.status = 'queued'
RETURNING jobs.id, account_id, cost, credits_charged, key_id, webhook_url, jobs.status, jobs.target_url, jobs.provider,
    jobs.tier
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
