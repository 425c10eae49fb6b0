"""The statements on webhook_deliveries, webhook_attempts and webhook_hosts.

Transactions lock rows of webhook_hosts in the order of their names, so that none waits for another in a circle.
A queue entry that is not in the view queue_entries neither waits nor is in the hands of a worker.
"""

INSERT = """
WITH new AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[]
    ) AS new (id, key_id, job_id, url, host, event, body, is_test)
), hosts AS (
    INSERT INTO webhook_hosts (host) SELECT DISTINCT host FROM new ORDER BY host ON CONFLICT DO NOTHING
)
INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body, is_test, manual)
SELECT *, is_test FROM new
"""

LOCK_ACCOUNT = "SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE"

# Counts the attempts since $2, and those that are to come, up to $3. OFFSET keeps the planner on the index of a key.
COUNT_TESTS = """
SELECT count(*) FROM (
    SELECT FROM api_keys CROSS JOIN LATERAL (
        SELECT webhook_deliveries.id, status FROM webhook_deliveries
        WHERE key_id BETWEEN api_keys.id AND api_keys.id AND is_test AND (ended_at IS NULL OR ended_at >= $2)
        ORDER BY key_id DESC, webhook_deliveries.id DESC OFFSET 0
    ) AS tests CROSS JOIN LATERAL (
        SELECT WHERE tests.status = 'pending'
        UNION ALL SELECT FROM webhook_attempts WHERE delivery_id = tests.id AND started_at >= $2
    ) AS attempts
    WHERE api_keys.account_id = $1 LIMIT $3
) AS counted
"""

ADD_HOSTS = """
INSERT INTO webhook_hosts (host) SELECT DISTINCT host FROM unnest($1::text[]) AS host ORDER BY host
ON CONFLICT DO NOTHING RETURNING host
"""

# The lock keeps a worker from handling the wakeup and releasing the lease before the transaction ends.
LOCK_FAILING = """
SELECT host, (paused_at IS NOT NULL AND NOT $3)
    OR (wakeup_at <= now() AND EXISTS (SELECT FROM queue_entries WHERE id = wakeup_entry_id)) AS awake
FROM webhook_hosts WHERE host = ANY($1::text[]) AND failures >= $2 ORDER BY host FOR NO KEY UPDATE
"""

SET_WAKEUPS = """
UPDATE webhook_hosts SET wakeup_entry_id = wakeup.entry_id, wakeup_at = now() + wakeup.delay
FROM unnest($1::text[], $2::bigint[], $3::interval[]) AS wakeup (host, entry_id, delay)
WHERE webhook_hosts.host = wakeup.host
"""

LOCK_HOSTS = "SELECT FROM webhook_hosts WHERE host = ANY($1::text[]) ORDER BY host FOR NO KEY UPDATE"

# A lease is free if no entry holds it, or if its entry left the queue without a release.
# This runs after LOCK_HOSTS, so that it sees the queue as the previous holder of the lock left it.
ACQUIRE = """
WITH free AS (
    SELECT host, min(entry_id) AS entry_id
    FROM unnest($1::text[], $2::bigint[]) AS asked (host, entry_id) JOIN webhook_hosts USING (host)
    WHERE lease_entry_id IS NULL OR lease_entry_id = entry_id
        OR NOT EXISTS (SELECT FROM queue_entries WHERE id = lease_entry_id)
    GROUP BY host
)
UPDATE webhook_hosts
SET lease_entry_id = coalesce(free.entry_id, known.lease_entry_id),
    wakeup_entry_id = CASE WHEN known.wakeup_entry_id <> ALL($2) THEN known.wakeup_entry_id END,
    wakeup_at = CASE WHEN known.wakeup_entry_id <> ALL($2) THEN known.wakeup_at END
FROM webhook_hosts AS known LEFT JOIN free USING (host)
WHERE webhook_hosts.host = known.host AND known.host = ANY($1)
    AND (free.host IS NOT NULL OR known.wakeup_entry_id = ANY($2))
RETURNING webhook_hosts.host, webhook_hosts.lease_entry_id, known.failures
"""

# Three of four deliveries are chosen by turns: the first of every key, then the second of every key, and so on. Of a
# key, first attempts come before retries. Every fourth delivery is the oldest one, so that none waits forever. The
# oldest also fill what the turns leave free. At a paused host, only manual redeliveries are due, the oldest first.
# `waiting_keys` finds the keys by a loose index scan. BETWEEN makes the planner keep the order of the index.
DUE = """
SELECT due.*, failures
FROM unnest($1::text[], $2::integer[]) AS asked (host, wanted)
JOIN webhook_hosts AS receiver USING (host)
CROSS JOIN LATERAL (
    WITH RECURSIVE waiting_keys AS (
        SELECT 0::bigint AS key_id WHERE paused_at IS NULL
        UNION ALL SELECT least(
            (SELECT min(key_id) FROM webhook_deliveries WHERE host = asked.host AND status = 'pending'
                AND schedule_step = 0 AND key_id > waiting_keys.key_id),
            (SELECT min(key_id) FROM webhook_deliveries WHERE host = asked.host AND status = 'pending'
                AND schedule_step > 0 AND key_id > waiting_keys.key_id)
        ) FROM waiting_keys WHERE key_id IS NOT NULL
    ), shares AS (
        SELECT key_id, greatest(1, 2 * asked.wanted / count(*) OVER ()) AS share
        FROM (SELECT key_id FROM waiting_keys WHERE key_id > 0 LIMIT $4) AS keys
    ), turns AS (
        SELECT own.* FROM shares CROSS JOIN LATERAL (
            SELECT id, is_retry, row_number() OVER (ORDER BY is_retry, next_attempt_at) AS turn FROM (
                (SELECT id, false AS is_retry, next_attempt_at FROM webhook_deliveries
                    WHERE host = asked.host AND key_id BETWEEN shares.key_id AND shares.key_id AND status = 'pending'
                        AND schedule_step = 0 AND next_attempt_at <= now() AND id NOT IN (SELECT unnest($3::uuid[]))
                    ORDER BY key_id, next_attempt_at LIMIT share)
                UNION ALL
                (SELECT id, true, next_attempt_at FROM webhook_deliveries
                    WHERE host = asked.host AND key_id BETWEEN shares.key_id AND shares.key_id AND status = 'pending'
                        AND schedule_step > 0 AND next_attempt_at <= now() AND id NOT IN (SELECT unnest($3::uuid[]))
                    ORDER BY key_id, next_attempt_at LIMIT share)
            ) AS both_kinds
        ) AS own
    ), oldest AS (
        (SELECT id, next_attempt_at FROM webhook_deliveries
            WHERE paused_at IS NULL AND host = asked.host AND status = 'pending'
                AND next_attempt_at <= now() AND id NOT IN (SELECT unnest($3::uuid[]))
            ORDER BY next_attempt_at LIMIT asked.wanted)
        UNION ALL
        (SELECT id, next_attempt_at FROM webhook_deliveries
            WHERE paused_at IS NOT NULL AND host = asked.host AND status = 'pending' AND manual
                AND next_attempt_at <= now() AND id NOT IN (SELECT unnest($3::uuid[]))
            ORDER BY next_attempt_at LIMIT asked.wanted)
    ), chosen AS (
        SELECT id, min(place) AS place FROM (
            (SELECT id, row_number() OVER (ORDER BY turn, is_retry, random()) AS place FROM turns
                ORDER BY place LIMIT asked.wanted - (asked.wanted + 3) / 4)
            UNION ALL SELECT id, asked.wanted + row_number() OVER (ORDER BY next_attempt_at) FROM oldest
        ) AS places GROUP BY id ORDER BY place LIMIT asked.wanted
    )
    SELECT id, key_id, job_id, url, host, body, attempts, schedule_step, manual, is_test
    FROM chosen JOIN webhook_deliveries USING (id) ORDER BY place
) AS due
"""

# The fence: a late worker's attempt does not count, because the delivery's number of attempts has changed.
# If the same attempt was made twice at once, the one that delivered counts.
# A redelivery that was requested during the attempt stays due, unless the attempt delivered.
# Returns the hosts that have recovered.
RECORD = """
WITH attempt AS (
    SELECT DISTINCT ON (id) * FROM unnest(
        $1::uuid[], $2::integer[], $3::integer[], $4::boolean[], $5::text[], $6::interval[], $7::timestamptz[],
        $8::real[], $9::integer[], $10::text[], $11::text[]
    ) AS attempt (id, attempts, schedule_step, manual, next_status, wait, started_at, milliseconds, status, error,
        response)
    ORDER BY id, next_status
), counted AS (
    UPDATE webhook_deliveries AS delivery
    SET attempts = delivery.attempts + 1, (status, schedule_step, manual, next_attempt_at, ended_at) = (
        SELECT attempt.next_status, attempt.schedule_step + 1, false,
            CASE WHEN attempt.next_status = 'pending' THEN now() + attempt.wait END,
            CASE WHEN attempt.next_status <> 'pending' THEN now() END
        WHERE attempt.next_status = 'delivered'
            OR (delivery.schedule_step, delivery.manual) = (attempt.schedule_step, attempt.manual)
        UNION ALL
        SELECT delivery.status, delivery.schedule_step, delivery.manual, delivery.next_attempt_at, delivery.ended_at
        WHERE attempt.next_status <> 'delivered'
            AND (delivery.schedule_step, delivery.manual) <> (attempt.schedule_step, attempt.manual)
    )
    FROM attempt
    WHERE delivery.id = attempt.id AND delivery.attempts = attempt.attempts AND delivery.status = 'pending'
    RETURNING delivery.id, delivery.host, delivery.status
), inserted AS (
    INSERT INTO webhook_attempts (delivery_id, number, started_at, milliseconds, status, error, response)
    SELECT id, attempts + 1, started_at, milliseconds, attempt.status, error, response
    FROM attempt JOIN counted USING (id)
)
SELECT DISTINCT host FROM counted JOIN webhook_hosts USING (host)
WHERE counted.status = 'delivered' AND failures > 0
"""

RECOVERED = """
UPDATE webhook_hosts SET failures = 0, failing_since = NULL, paused_at = NULL
FROM (SELECT host, paused_at FROM webhook_hosts WHERE host = ANY($1::text[]) AND failures > 0) AS before
WHERE webhook_hosts.host = before.host
RETURNING webhook_hosts.host, before.paused_at
"""

FAILED = """
UPDATE webhook_hosts
SET failures = webhook_hosts.failures + failed.attempts, failing_since = coalesce(failing_since, now()),
    paused_at = CASE WHEN paused_at IS NULL AND failing_since <= now() - $3::interval THEN now() ELSE paused_at END
FROM unnest($1::text[], $2::integer[]) AS failed (host, attempts)
WHERE webhook_hosts.host = failed.host
RETURNING webhook_hosts.host, webhook_hosts.failures, failing_since, paused_at = now() AS paused_now
"""

# This runs after LOCK_HOSTS, so that it sees what was queued while the lease was held.
# It resets the failure count of a host that has no pending deliveries, unless the host is paused.
RELEASE = """
UPDATE webhook_hosts
SET lease_entry_id = NULL,
    failures = CASE WHEN next_at IS NULL AND webhook_hosts.paused_at IS NULL THEN 0 ELSE failures END,
    failing_since = CASE WHEN next_at IS NULL AND webhook_hosts.paused_at IS NULL THEN NULL ELSE failing_since END
FROM (
    SELECT asked.host, asked.entry_id, CASE WHEN known.paused_at IS NULL THEN (
        SELECT min(next_attempt_at) FROM webhook_deliveries WHERE host = asked.host AND status = 'pending'
    ) ELSE (
        SELECT min(next_attempt_at) FROM webhook_deliveries WHERE host = asked.host AND status = 'pending' AND manual
    ) END AS next_at, known.wakeup_at AS woken_at,
        EXISTS (SELECT FROM queue_entries WHERE id = known.wakeup_entry_id) AS has_wakeup
    FROM unnest($1::text[], $2::bigint[]) AS asked (host, entry_id) JOIN webhook_hosts AS known USING (host)
) AS lease
WHERE webhook_hosts.host = lease.host AND lease_entry_id = lease.entry_id
RETURNING webhook_hosts.host, failures, CASE
    WHEN next_at IS NOT NULL AND NOT (has_wakeup AND woken_at <= greatest(next_at, now()))
    THEN greatest(next_at - now(), interval '0') END AS wait
"""

STUCK_HOSTS = """
SELECT host, failures FROM webhook_hosts AS receiver
WHERE NOT EXISTS (SELECT FROM queue_entries WHERE id = lease_entry_id OR id = wakeup_entry_id)
    AND now() - $1::interval > CASE WHEN receiver.paused_at IS NULL THEN (
        SELECT min(next_attempt_at) FROM webhook_deliveries WHERE host = receiver.host AND status = 'pending'
    ) ELSE (
        SELECT min(next_attempt_at) FROM webhook_deliveries
        WHERE host = receiver.host AND status = 'pending' AND manual
    ) END
ORDER BY host FOR NO KEY UPDATE SKIP LOCKED
"""

DELIVERY = """
SELECT id, key_id, job_id, event, url, webhook_deliveries.host, body, status, attempts, created_at, next_attempt_at,
    ended_at, is_test, CASE WHEN status = 'pending' THEN paused_at END AS host_paused_at
FROM webhook_deliveries LEFT JOIN webhook_hosts ON webhook_hosts.host = webhook_deliveries.host
"""

LIST = (
    DELIVERY
    + """
WHERE NOT is_test AND ($1::bigint IS NULL OR key_id = $1) AND ($2::text IS NULL OR status = $2)
    AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""
)

READ = DELIVERY + "WHERE id = $1 AND NOT is_test AND ($2::bigint IS NULL OR key_id = $2)"

# A walk, with the parameters of `walk_statement`. $5 is the key, $6 the status, $7 the host. It looks at the newest
# deliveries of each key with the status, and of them at the newest of all.
ACCOUNT_LIST = """
WITH walked AS MATERIALIZED (
    SELECT newest.* FROM api_keys CROSS JOIN LATERAL (
        SELECT id, host FROM webhook_deliveries
        WHERE key_id BETWEEN api_keys.id AND api_keys.id AND ($1::uuid IS NULL OR id < $1)
            AND ($6::text IS NULL OR status = $6)
        ORDER BY key_id DESC, id DESC LIMIT $2
    ) AS newest
    WHERE api_keys.account_id = $4 AND ($5::bigint IS NULL OR api_keys.id = $5)
    ORDER BY newest.id DESC LIMIT $2
), listed AS (
    SELECT id FROM walked WHERE $7::text IS NULL OR host = $7 ORDER BY id DESC LIMIT $3
)
SELECT delivery.*, last_walked
FROM (SELECT (SELECT id FROM walked ORDER BY id DESC OFFSET $2 - 1 LIMIT 1) AS last_walked) AS walk
LEFT JOIN listed ON true
LEFT JOIN LATERAL (
    SELECT known.id, key_id, job_id, event, url, known.host, body, status, attempts, created_at, next_attempt_at,
        ended_at, is_test, CASE WHEN status = 'pending' THEN paused_at END AS host_paused_at
    FROM webhook_deliveries AS known LEFT JOIN webhook_hosts ON webhook_hosts.host = known.host
    WHERE known.id = listed.id
) AS delivery ON true
ORDER BY delivery.id DESC
"""

ACCOUNT_READ = (
    DELIVERY  # noqa: S608 - nothing in it comes from outside
    + """
WHERE id = $1 AND key_id IN (SELECT api_keys.id FROM api_keys WHERE account_id = $2)
    AND ($3::bigint IS NULL OR key_id = $3)
"""
)

READ_BY_JOB = DELIVERY + "WHERE job_id = $1 AND key_id = $2"

BODIES_OF_JOBS = "SELECT job_id, id, body FROM webhook_deliveries WHERE job_id = ANY($1::uuid[])"

ATTEMPTS = """
SELECT number, started_at, milliseconds, status, error, response
FROM webhook_attempts WHERE delivery_id = $1 ORDER BY number
"""

REDELIVER = """
UPDATE webhook_deliveries
SET status = 'pending', schedule_step = 0, manual = true, next_attempt_at = now(), ended_at = NULL
WHERE id = $1 AND ($2::bigint IS NULL OR key_id = $2)
RETURNING host
"""

# The undelivered events of keys, key by key and oldest first, after the delivery $3 of the key $2. Those of later keys
# begin after $1. It looks at few more than it returns: the index of a key has them in this order for each status.
_UNDELIVERED = """
SELECT api_keys.id AS key_id, undelivered.id FROM api_keys CROSS JOIN LATERAL (
    (SELECT id FROM webhook_deliveries
        WHERE key_id BETWEEN api_keys.id AND api_keys.id AND status = 'failed' AND NOT is_test
            AND id > CASE WHEN api_keys.id = $2 THEN $3::uuid ELSE $1::uuid END
        ORDER BY key_id, status, id LIMIT $5)
    UNION ALL
    (SELECT id FROM webhook_deliveries
        WHERE key_id BETWEEN api_keys.id AND api_keys.id AND status = 'pending' AND NOT is_test
            AND id > CASE WHEN api_keys.id = $2 THEN $3::uuid ELSE $1::uuid END
        ORDER BY key_id, status, id LIMIT $5)
) AS undelivered
WHERE api_keys.id >= $2 AND {chosen}
ORDER BY api_keys.id, undelivered.id LIMIT $5
"""
_OF_KEYS = _UNDELIVERED.format(chosen="($4::bigint IS NULL OR api_keys.id = $4)")
_OF_ACCOUNT = _UNDELIVERED.format(chosen="api_keys.account_id = $4")

# Rows that are locked are skipped: an attempt at them is being recorded right now.
_REDELIVER_SINCE = """
WITH batch AS ({undelivered}), redelivered AS (
    UPDATE webhook_deliveries
    SET status = 'pending', schedule_step = 0, manual = true, next_attempt_at = now(), ended_at = NULL
    WHERE id IN (
        SELECT id FROM webhook_deliveries
        WHERE id IN (SELECT id FROM batch) AND status <> 'delivered'
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING host
)
SELECT last.key_id AS last_key_id, last.id AS last_id, (SELECT count(*) FROM redelivered) AS deliveries,
    ARRAY(SELECT DISTINCT host FROM redelivered ORDER BY host) AS hosts
FROM (SELECT) AS result
LEFT JOIN LATERAL (SELECT key_id, id FROM batch ORDER BY key_id, id OFFSET $5 - 1 LIMIT 1) AS last ON true
"""
REDELIVER_SINCE = _REDELIVER_SINCE.format(undelivered=_OF_KEYS)
REDELIVER_ACCOUNT_SINCE = _REDELIVER_SINCE.format(undelivered=_OF_ACCOUNT)

COUNT_ACCOUNT_UNDELIVERED = f"SELECT count(*) FROM ({_OF_ACCOUNT}) AS undelivered"  # noqa: S608 - all of it is above

PRUNE = """
WITH old AS (
    SELECT id FROM webhook_deliveries
    WHERE id < $1 AND NOT (status = 'pending' AND manual)
        AND (status <> 'pending' OR host IN (SELECT host FROM webhook_hosts WHERE paused_at IS NOT NULL))
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
)
DELETE FROM webhook_deliveries WHERE id = ANY(ARRAY(SELECT id FROM old))
"""

# Of one partition. OFFSET makes the planner look each delivery up, so that it does not read all of them for a LIMIT.
PRUNE_ATTEMPTS = """
DELETE FROM {table} WHERE delivery_id = ANY(ARRAY(
    SELECT delivery_id FROM {table} AS attempt
    WHERE delivery_id < $1 AND NOT EXISTS (SELECT FROM webhook_deliveries WHERE id = attempt.delivery_id OFFSET 0)
    ORDER BY delivery_id LIMIT $2
))
"""

HAS_DELIVERIES = "SELECT EXISTS (SELECT FROM webhook_deliveries WHERE id >= $1 AND id < $2)"

PRUNE_HOSTS = """
DELETE FROM webhook_hosts AS unused
WHERE lease_entry_id IS NULL AND wakeup_entry_id IS NULL AND paused_at IS NULL
    AND NOT EXISTS (SELECT FROM webhook_deliveries WHERE webhook_deliveries.host = unused.host)
"""

_HOST = """
SELECT host, failures, failing_since, paused_at, wakeup_at, (
    SELECT count(*) FROM (
        SELECT FROM webhook_deliveries WHERE host = receiver.host AND status = 'pending' LIMIT {counted}
    ) AS pending
) AS pending
FROM webhook_hosts AS receiver
"""

_HOSTS = _HOST.format(counted="$3") + "WHERE {chosen} ($1::text IS NULL OR host > $1) ORDER BY host LIMIT $2"

HOSTS = {
    "failing": _HOSTS.format(chosen="failures > 0 AND"),
    "paused": _HOSTS.format(chosen="failures > 0 AND paused_at IS NOT NULL AND"),
    "all": _HOSTS.format(chosen=""),
}

HOST = _HOST.format(counted="$2") + "WHERE host = $1"

BACKLOG = """
SELECT
    (SELECT count(*) FROM (
        SELECT FROM webhook_deliveries WHERE status = 'pending' ORDER BY host, next_attempt_at LIMIT $1
    ) AS pending) AS pending,
    (SELECT count(*) FROM (SELECT FROM webhook_hosts WHERE failures > 0 AND paused_at IS NOT NULL LIMIT $1) AS paused)
        AS paused_hosts
"""

PAUSE_HOST = """
UPDATE webhook_hosts
SET paused_at = now(), failing_since = coalesce(failing_since, now()), failures = greatest(failures, 1)
WHERE host = $1 AND paused_at IS NULL
RETURNING host
"""

RESUME_HOST = """
UPDATE webhook_hosts SET paused_at = NULL, failing_since = NULL, failures = 0
WHERE host = $1 AND paused_at IS NOT NULL
RETURNING host
"""
