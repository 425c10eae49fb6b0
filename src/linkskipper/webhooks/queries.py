"""The statements on webhook_deliveries, webhook_attempts and webhook_hosts.

Rows of webhook_hosts are always locked in the order of their names, so that no two transactions wait for each other.
The table pgqueuer is the queue's: an entry that is not in it is neither waiting nor in anybody's hands.
"""

INSERT = """
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
        AS given (id, key_id, job_id, url, host, event, body)
), hosts AS (
    INSERT INTO webhook_hosts (host) SELECT DISTINCT host FROM given ORDER BY host ON CONFLICT DO NOTHING
)
INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body) SELECT * FROM given
"""

ADD_HOSTS = """
INSERT INTO webhook_hosts (host) SELECT DISTINCT host FROM unnest($1::text[]) AS host ORDER BY host
ON CONFLICT DO NOTHING RETURNING host
"""

# Locked, so that no worker can answer the wakeup and give the lease back before the transaction ends.
LOCK_FAILING = """
SELECT host, (paused_at IS NOT NULL AND NOT $3)
    OR (wakeup_at <= now() AND EXISTS (SELECT FROM pgqueuer WHERE id = wakeup)) AS awake
FROM webhook_hosts WHERE host = ANY($1::text[]) AND failures >= $2 ORDER BY host FOR NO KEY UPDATE
"""

SET_WAKEUPS = """
UPDATE webhook_hosts SET wakeup = given.wakeup, wakeup_at = now() + given.delay
FROM unnest($1::text[], $2::bigint[], $3::interval[]) AS given (host, wakeup, delay)
WHERE webhook_hosts.host = given.host
"""

# An entry takes a lease that nobody has: none, or one whose entry has left the queue without a word.
# In a statement after LOCK_HOSTS, so that it knows of the queue all that whoever had the lock before has done.
LEASE = """
WITH free AS (
    SELECT host, min(entry) AS entry
    FROM unnest($1::text[], $2::bigint[]) AS given (host, entry) JOIN webhook_hosts USING (host)
    WHERE lease IS NULL OR lease = entry OR NOT EXISTS (SELECT FROM pgqueuer WHERE id = lease)
    GROUP BY host
)
UPDATE webhook_hosts
SET lease = coalesce(free.entry, known.lease),
    wakeup = CASE WHEN known.wakeup <> ALL($2) THEN known.wakeup END,
    wakeup_at = CASE WHEN known.wakeup <> ALL($2) THEN known.wakeup_at END
FROM webhook_hosts AS known LEFT JOIN free USING (host)
WHERE webhook_hosts.host = known.host AND known.host = ANY($1)
    AND (free.host IS NOT NULL OR known.wakeup = ANY($2))
RETURNING webhook_hosts.host, webhook_hosts.lease, known.failures
"""

# Three in four by turns: every key its first, then every key its second, those never attempted before those that were.
# The fourth by age, so that nothing waits for ever, and whatever the turns leave free. What is by hand is taken by age.
# A key is a range of one, as no plan that looks for it among all that waits at the host has that order.
DUE = """
SELECT due.*, failures
FROM unnest($1::text[], $2::integer[]) AS asked (host, most)
JOIN webhook_hosts AS known USING (host)
CROSS JOIN LATERAL (
    WITH RECURSIVE keys AS (
        SELECT 0::bigint AS key_id WHERE paused_at IS NULL
        UNION ALL SELECT least(
            (SELECT min(key_id) FROM webhook_deliveries
                WHERE host = asked.host AND status = 'pending' AND step = 0 AND key_id > keys.key_id),
            (SELECT min(key_id) FROM webhook_deliveries
                WHERE host = asked.host AND status = 'pending' AND step > 0 AND key_id > keys.key_id)
        ) FROM keys WHERE key_id IS NOT NULL
    ), turns AS (
        SELECT own.*
        FROM (
            SELECT key_id, greatest(1, 2 * asked.most / count(*) OVER ()) AS share
            FROM (SELECT key_id FROM keys WHERE key_id > 0 LIMIT $4) AS turned
        ) AS turned
        CROSS JOIN LATERAL (
            SELECT id, step > 0 AS tried, row_number() OVER (ORDER BY step > 0, next_attempt_at) AS turn FROM (
                (SELECT id, step, next_attempt_at FROM webhook_deliveries
                    WHERE host = asked.host AND key_id BETWEEN turned.key_id AND turned.key_id AND status = 'pending'
                        AND step = 0 AND next_attempt_at <= now() AND id NOT IN (SELECT unnest($3::uuid[]))
                    ORDER BY key_id, next_attempt_at LIMIT share)
                UNION ALL
                (SELECT id, step, next_attempt_at FROM webhook_deliveries
                    WHERE host = asked.host AND key_id BETWEEN turned.key_id AND turned.key_id AND status = 'pending'
                        AND step > 0 AND next_attempt_at <= now() AND id NOT IN (SELECT unnest($3::uuid[]))
                    ORDER BY key_id, next_attempt_at LIMIT share)
            ) AS both_kinds
        ) AS own
    ), ages AS (
        (SELECT id, next_attempt_at FROM webhook_deliveries
            WHERE paused_at IS NULL AND host = asked.host AND status = 'pending'
                AND next_attempt_at <= now() AND id NOT IN (SELECT unnest($3::uuid[]))
            ORDER BY next_attempt_at LIMIT asked.most)
        UNION ALL
        (SELECT id, next_attempt_at FROM webhook_deliveries
            WHERE paused_at IS NOT NULL AND host = asked.host AND status = 'pending' AND by_hand
                AND next_attempt_at <= now() AND id NOT IN (SELECT unnest($3::uuid[]))
            ORDER BY next_attempt_at LIMIT asked.most)
    ), chosen AS (
        SELECT id, min(place) AS place FROM (
            (SELECT id, row_number() OVER (ORDER BY turn, tried, random()) AS place FROM turns
                ORDER BY place LIMIT asked.most - (asked.most + 3) / 4)
            UNION ALL SELECT id, asked.most + row_number() OVER (ORDER BY next_attempt_at) FROM ages
        ) AS places GROUP BY id ORDER BY place LIMIT asked.most
    )
    SELECT id, key_id, url, host, body, attempts, step, by_hand
    FROM chosen JOIN webhook_deliveries USING (id) ORDER BY place
) AS due
"""

# The fence: a worker that was presumed dead and comes back counts from attempts that are no longer the delivery's.
# Of two attempts that were the same one, made twice at once, the one that delivered counts.
# What was sent again by hand while the attempt was under way stays as the hand left it, unless it was delivered.
RECORD = """
WITH given AS (
    SELECT DISTINCT ON (id) * FROM unnest(
        $1::uuid[], $2::integer[], $3::integer[], $4::boolean[], $5::text[], $6::interval[], $7::timestamptz[],
        $8::real[], $9::integer[], $10::text[], $11::text[]
    ) AS given (id, attempts, step, by_hand, outcome, wait, started_at, milliseconds, status, error, response)
    ORDER BY id, outcome
), counted AS (
    UPDATE webhook_deliveries AS known
    SET attempts = known.attempts + 1, (status, step, by_hand, next_attempt_at, ended_at) = (
        SELECT given.outcome, given.step + 1, false,
            CASE WHEN given.outcome = 'pending' THEN now() + given.wait END,
            CASE WHEN given.outcome <> 'pending' THEN now() END
        WHERE given.outcome = 'delivered' OR (known.step, known.by_hand) = (given.step, given.by_hand)
        UNION ALL SELECT known.status, known.step, known.by_hand, known.next_attempt_at, known.ended_at
        WHERE given.outcome <> 'delivered' AND (known.step, known.by_hand) <> (given.step, given.by_hand)
    )
    FROM given
    WHERE known.id = given.id AND known.attempts = given.attempts AND known.status = 'pending'
    RETURNING known.id
)
INSERT INTO webhook_attempts (delivery_id, number, started_at, milliseconds, status, error, response)
SELECT id, attempts + 1, started_at, milliseconds, status, error, response FROM given JOIN counted USING (id)
"""

LOCK_HOSTS = "SELECT FROM webhook_hosts WHERE host = ANY($1::text[]) ORDER BY host FOR NO KEY UPDATE"

RECOVERED = """
UPDATE webhook_hosts SET failures = 0, failing_since = NULL, paused_at = NULL
FROM (SELECT host, paused_at FROM webhook_hosts WHERE host = ANY($1::text[]) AND failures > 0) AS before
WHERE webhook_hosts.host = before.host
RETURNING webhook_hosts.host, before.paused_at
"""

FAILED = """
UPDATE webhook_hosts
SET failures = webhook_hosts.failures + given.failures, failing_since = coalesce(failing_since, now()),
    paused_at = CASE WHEN paused_at IS NULL AND failing_since <= now() - $3::interval THEN now() ELSE paused_at END
FROM unnest($1::text[], $2::integer[]) AS given (host, failures)
WHERE webhook_hosts.host = given.host
RETURNING webhook_hosts.host, webhook_hosts.failures, failing_since, paused_at = now() AS paused_now
"""

# In a statement after LOCK_HOSTS, so that it sees what was queued by whoever found the lease still held.
# A host that nothing waits for is no longer failing: the next event there may come when it has long been well.
RELEASE = """
UPDATE webhook_hosts
SET lease = NULL,
    failures = CASE WHEN next IS NULL AND webhook_hosts.paused_at IS NULL THEN 0 ELSE failures END,
    failing_since = CASE WHEN next IS NULL AND webhook_hosts.paused_at IS NULL THEN NULL ELSE failing_since END
FROM (
    SELECT asked.host, asked.entry, CASE WHEN known.paused_at IS NULL THEN (
        SELECT min(next_attempt_at) FROM webhook_deliveries WHERE host = asked.host AND status = 'pending'
    ) ELSE (
        SELECT min(next_attempt_at) FROM webhook_deliveries WHERE host = asked.host AND status = 'pending' AND by_hand
    ) END AS next, known.wakeup_at AS awaited_at, EXISTS (SELECT FROM pgqueuer WHERE id = known.wakeup) AS awaited
    FROM unnest($1::text[], $2::bigint[]) AS asked (host, entry) JOIN webhook_hosts AS known USING (host)
) AS left_behind
WHERE webhook_hosts.host = left_behind.host AND lease = left_behind.entry
RETURNING webhook_hosts.host, failures, CASE
    WHEN next IS NOT NULL AND NOT (awaited AND awaited_at <= greatest(next, now()))
    THEN greatest(next - now(), interval '0') END AS wait
"""

# What no entry of the queue is for, though it is due: only where one was lost.
FORGOTTEN = """
SELECT host, failures FROM webhook_hosts AS known
WHERE NOT EXISTS (SELECT FROM pgqueuer WHERE id = lease OR id = wakeup)
    AND now() - $1::interval > CASE WHEN known.paused_at IS NULL THEN (
        SELECT min(next_attempt_at) FROM webhook_deliveries WHERE host = known.host AND status = 'pending'
    ) ELSE (
        SELECT min(next_attempt_at) FROM webhook_deliveries WHERE host = known.host AND status = 'pending' AND by_hand
    ) END
ORDER BY host FOR NO KEY UPDATE SKIP LOCKED
"""

DELIVERY = """
SELECT id, key_id, job_id, event, url, webhook_deliveries.host, body, status, attempts, created_at, next_attempt_at,
    ended_at, CASE WHEN status = 'pending' THEN paused_at END AS host_paused_at
FROM webhook_deliveries LEFT JOIN webhook_hosts ON webhook_hosts.host = webhook_deliveries.host
"""

LIST = (
    DELIVERY
    + """
WHERE ($1::bigint IS NULL OR key_id = $1) AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""
)

READ = DELIVERY + "WHERE id = $1 AND ($2::bigint IS NULL OR key_id = $2)"

OF_JOBS = "SELECT job_id, id, body FROM webhook_deliveries WHERE job_id = ANY($1::uuid[])"

ATTEMPTS = """
SELECT number, started_at, milliseconds, status, error, response
FROM webhook_attempts WHERE delivery_id = $1 ORDER BY number
"""

AGAIN = """
UPDATE webhook_deliveries
SET status = 'pending', step = 0, by_hand = true, next_attempt_at = now(), ended_at = NULL
WHERE id = $1 AND ($2::bigint IS NULL OR key_id = $2)
RETURNING host
"""

# What is being recorded just now is left out: it was sent this very moment.
AGAIN_SINCE = """
WITH batch AS (
    SELECT id FROM webhook_deliveries
    WHERE id > $1 AND status <> 'delivered' AND ($2::bigint IS NULL OR key_id = $2)
    ORDER BY id LIMIT $3
), again AS (
    UPDATE webhook_deliveries
    SET status = 'pending', step = 0, by_hand = true, next_attempt_at = now(), ended_at = NULL
    WHERE id IN (
        SELECT id FROM webhook_deliveries
        WHERE id IN (SELECT id FROM batch) AND status <> 'delivered'
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING host
)
SELECT (SELECT id FROM batch ORDER BY id OFFSET $3 - 1) AS last, (SELECT count(*) FROM again) AS deliveries,
    ARRAY(SELECT DISTINCT host FROM again ORDER BY host) AS hosts
"""

PRUNE = """
WITH old AS (
    SELECT id FROM webhook_deliveries
    WHERE id < $1 AND NOT (status = 'pending' AND by_hand)
        AND (status <> 'pending' OR host IN (SELECT host FROM webhook_hosts WHERE paused_at IS NOT NULL))
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
), attempts AS (
    DELETE FROM webhook_attempts WHERE delivery_id IN (SELECT id FROM old)
)
DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM old)
"""

PRUNE_HOSTS = """
DELETE FROM webhook_hosts AS known WHERE lease IS NULL AND wakeup IS NULL AND paused_at IS NULL
    AND NOT EXISTS (SELECT FROM webhook_deliveries WHERE webhook_deliveries.host = known.host)
"""
