"""The statements on jobs, idempotency keys and the links that are being resolved.

Every transaction locks rows in one order: jobs, idempotency keys, in-flight links, daily usage, accounts, and the rows
of a table by their keys. START and END lock the jobs of a batch in any order. Two workers deadlock there if each starts
jobs that the other one is ending, which takes a worker that was presumed dead. `until_available` repeats the call.
"""

from linkskipper.database.walk import walk_statement

EXISTS = "SELECT EXISTS (SELECT FROM jobs WHERE id = $1)"

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

# The row of a link stays locked until the new job is committed, so that its leader cannot end meanwhile.
LEAD_OR_FOLLOW = """
INSERT INTO inflight_links (link_hash, job_id, has_followers)
SELECT * FROM unnest($1::bytea[], $2::uuid[], $3::boolean[])
ON CONFLICT (link_hash) DO UPDATE SET has_followers = true
RETURNING link_hash, job_id AS leader_id
"""

STOP_LEADING = "DELETE FROM inflight_links WHERE link_hash = ANY($1::bytea[]) AND job_id = ANY($2::uuid[])"

# A follower has its leader's position.
INSERT = """
INSERT INTO jobs (
    id, leader_id, account_id, key_id, url, canonical_url, link_hash, provider, tier, price, webhook_url,
    queue_position, live
)
SELECT id, leader_id, account_id, key_id, url, canonical_url, link_hash, provider, tier, price, webhook_url,
    coalesce(queue_position, (SELECT leader.queue_position FROM jobs AS leader WHERE leader.id = new.leader_id), 1),
    live
FROM unnest(
    $1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[],
    $10::integer[], $11::text[], $12::integer[], $13::boolean[]
) AS new (
    id, leader_id, account_id, key_id, url, canonical_url, link_hash, provider, tier, price, webhook_url,
    queue_position, live
)
RETURNING id, queue_position
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

# A range of one key, where `=` would do, and an order by key keep the planner on the index jobs_by_key. By `=` it may
# walk through the jobs of all keys by their ids. The inner LIMIT bounds the jobs that a page looks at.
LIST = (
    STATE  # noqa: S608 - nothing in it comes from outside
    + """, jobs.created_at, finished_at
FROM (
    SELECT * FROM (
        SELECT * FROM jobs WHERE key_id BETWEEN $1 AND $1 AND id < $3 ORDER BY key_id DESC, id DESC LIMIT $5
    ) AS walked
    WHERE $2::text IS NULL OR status = $2 ORDER BY key_id DESC, id DESC LIMIT $4
) AS jobs
JOIN accounts ON accounts.id = jobs.account_id
ORDER BY jobs.id DESC
"""
)

LAST_WALKED = """
SELECT id FROM jobs WHERE key_id BETWEEN $1 AND $1 AND id < $2
ORDER BY key_id DESC, id DESC OFFSET $3::integer - 1 LIMIT 1
"""

TRACE = "SELECT hops, omitted_hops FROM jobs WHERE key_id = $1 AND id = $2 AND finished_at IS NOT NULL"

JOB_COLUMNS = """
id, key_id, url, status, target_url, provider, reason, credits_charged, created_at, started_at, finished_at
"""

_CHOSEN_JOBS = """
($5::text IS NULL OR status = $5) AND ($6::bigint IS NULL OR key_id = $6) AND ($7::text IS NULL OR provider = $7)
AND ($8::text IS NULL OR reason = $8)
AND ($9::text IS NULL OR position($9 IN url) > 0 OR position($9 IN target_url) > 0)
"""

ACCOUNT_JOBS, KEY_JOBS = (
    walk_statement(columns=JOB_COLUMNS, table="jobs", owner=owner, chosen=_CHOSEN_JOBS, id_type="uuid")
    for owner in ("account_id", "key_id")
)

DETAILS = (
    f"SELECT {JOB_COLUMNS}"  # noqa: S608 - nothing in it comes from outside
    """, canonical_url, tier, price, attempt, leader_id, webhook_url, queue_position, live, hops, omitted_hops,
    (SELECT count(*) FROM jobs AS followers WHERE followers.leader_id = jobs.id) AS followers
FROM jobs WHERE id = $1 AND account_id = $2 AND ($3::bigint IS NULL OR key_id = $3)
"""
)

_COUNT_JOBS = """
SELECT count(*) AS total, count(*) FILTER (WHERE status = 'done') AS done,
    count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'invalid') AS invalid,
    count(*) FILTER (WHERE finished_at IS NULL) AS waiting, coalesce(sum(credits_charged), 0)::bigint AS charged,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - created_at) * 1000)
        FILTER (WHERE status = 'done') AS median_ms
FROM (
    SELECT status, credits_charged, created_at, finished_at FROM jobs
    WHERE {owner} BETWEEN $1 AND $1 AND id >= $2 ORDER BY {owner} DESC, id DESC LIMIT $3
) AS newest
"""

COUNT_ACCOUNT_JOBS = _COUNT_JOBS.format(owner="account_id")
COUNT_KEY_JOBS = _COUNT_JOBS.format(owner="key_id")

_NEWEST_JOB = "SELECT id FROM jobs WHERE {owner} BETWEEN $1 AND $1 ORDER BY {owner} DESC, id DESC LIMIT 1"
NEWEST_ACCOUNT_JOB = _NEWEST_JOB.format(owner="account_id")
NEWEST_KEY_JOB = _NEWEST_JOB.format(owner="key_id")

REPLAY = (
    STATE
    + """
FROM idempotency_keys
JOIN jobs ON jobs.id = idempotency_keys.job_id
JOIN accounts ON accounts.id = jobs.account_id
WHERE idempotency_keys.key_id = $1 AND idempotency_keys.idempotency_key = $2
"""
)

# One statement for the tables of three rooms: it is what an answer from the cache costs
# (docs/decisions/0008-cached-answers.md).
FIND_CACHED = """
SELECT cached.link_hash IS NOT NULL AS is_cached, target_url, provider, tier, balance,
    claimed.job_id IS NOT NULL AS is_replay
FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::text[])
    WITH ORDINALITY AS asked (link_hash, account_id, key_id, idempotency_key, position)
JOIN accounts ON accounts.id = asked.account_id
LEFT JOIN LATERAL (
    SELECT link_hash, target_url, provider, tier FROM cached_links
    WHERE cached_links.link_hash = asked.link_hash AND expires_at > now() LIMIT 1
) AS cached ON true
LEFT JOIN LATERAL (
    SELECT job_id FROM idempotency_keys
    WHERE idempotency_keys.key_id = asked.key_id AND idempotency_keys.idempotency_key = asked.idempotency_key LIMIT 1
) AS claimed ON true
ORDER BY position
"""

# Jobs from before canonical URLs were stored have none. The text that was submitted stands for it.
START = """
UPDATE jobs SET status = 'running', attempt = attempt + 1, lease = started.lease, started_at = now()
FROM unnest($1::uuid[], $2::uuid[]) AS started (id, lease)
WHERE jobs.id = started.id AND status IN ('queued', 'running') AND leader_id IS NULL
RETURNING jobs.id AS job_id, attempt, jobs.lease, account_id, coalesce(canonical_url, url) AS canonical_url, link_hash,
    provider, tier, price, live
"""

QUEUED_LINKS = """
SELECT id, account_id, url, provider, status, attempt, created_at FROM jobs WHERE id = ANY($1::uuid[])
"""

JOB_RATE = """
SELECT count(*) AS submitted, count(*) FILTER (WHERE status = 'done') AS done,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - created_at) * 1000)
        FILTER (WHERE status = 'done') AS median_ms,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - created_at) * 1000)
        FILTER (WHERE status = 'done') AS p95_ms
FROM (
    SELECT status, created_at, finished_at FROM jobs WHERE id >= $1 ORDER BY id DESC LIMIT $2
) AS newest
"""

SHOW_HOPS = """
UPDATE jobs SET hops = $4::jsonb, omitted_hops = $5
WHERE id = $1 AND attempt = $2 AND lease = $3 AND status = 'running'
"""

# It names the price that the attempt knows, so that a second call changes nothing.
CHANGE_PRICE = """
UPDATE jobs SET price = $5
WHERE id = $1 AND attempt = $2 AND lease = $3 AND status = 'running' AND price = $4
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
        reason = ended.reason, hops = ended.hops, omitted_hops = ended.omitted_hops,
        credits_charged = least(ended.price, jobs.price)
    FROM unnest(
        $1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::jsonb[], $10::integer[], $11::integer[]
    ) AS ended (id, attempt, lease, status, target_url, provider, tier, reason, hops, omitted_hops, price)
    WHERE jobs.id = ended.id AND jobs.attempt = ended.attempt AND jobs.lease = ended.lease
        AND jobs.status = 'running'
    RETURNING jobs.id, account_id, jobs.price, credits_charged, link_hash, key_id, webhook_url, jobs.status,
        jobs.target_url, jobs.provider, jobs.tier, jobs.reason
), locked AS (
    SELECT inflight_links.link_hash
    FROM inflight_links JOIN ended ON ended.link_hash = inflight_links.link_hash AND ended.id = inflight_links.job_id
    ORDER BY inflight_links.link_hash
    FOR UPDATE OF inflight_links
), landed AS (
    DELETE FROM inflight_links USING locked WHERE inflight_links.link_hash = locked.link_hash
    RETURNING job_id, has_followers
)
SELECT ended.*, coalesce(has_followers, false) AS has_followers FROM ended LEFT JOIN landed ON job_id = ended.id
"""

# In a statement of its own: the one that unlocked the links cannot see the followers that it waited for.
END_FOLLOWERS = """
UPDATE jobs
SET status = leader.status, finished_at = leader.finished_at, target_url = leader.target_url,
    provider = leader.provider, tier = leader.tier, reason = leader.reason
FROM jobs AS leader
WHERE leader.id = ANY($1::uuid[]) AND jobs.leader_id = leader.id AND jobs.status = 'queued'
RETURNING jobs.id, jobs.account_id, jobs.price, jobs.credits_charged, jobs.key_id, jobs.webhook_url, jobs.status,
    jobs.target_url, jobs.provider, jobs.tier, jobs.reason
"""

# With an array, where a join would do, the planner does not read the whole table because of a LIMIT that it must guess.
PRUNE_IDEMPOTENCY_KEYS = """
DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency_keys WHERE created_at < now() - $1::interval ORDER BY created_at LIMIT $2
))
"""

PRUNE_JOBS = """
DELETE FROM jobs WHERE id = ANY(ARRAY(
    SELECT id FROM jobs WHERE id < $1 AND status IN ('done', 'failed', 'invalid') ORDER BY id LIMIT $2
))
"""

CHANNEL = "linkskipper_jobs"
COUNT_LISTENERS = """
SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()
"""
NOTIFY = f"SELECT pg_notify('{CHANNEL}', $1)"
