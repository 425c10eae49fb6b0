"""The statements on provider_slots and provider_pacing.

A row of provider_slots without an entry_id waits for a slot. The view queue_entries has the heartbeat of each entry.
"""

LOCK_PROVIDER = "SELECT pg_advisory_xact_lock(x'4C534B54'::integer, hashtext($1))"  # "LSKT"

DELETE_LOST = """
DELETE FROM provider_slots
WHERE provider = $1 AND entry_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM queue_entries WHERE id = entry_id AND heartbeat > clock_timestamp() - $2::interval)
"""

ADD_WAITING = """
INSERT INTO provider_slots (provider, job_id, queue) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""

# The order of the ids is the order of the jobs' creation.
NEXT_WAITING = """
SELECT job_id, queue FROM provider_slots WHERE provider = $1 AND entry_id IS NULL ORDER BY job_id
LIMIT greatest(
    0, $2::bigint - (SELECT count(*) FROM provider_slots WHERE provider = $1 AND entry_id IS NOT NULL)
)
"""

GRANT = """
UPDATE provider_slots SET entry_id = granted.entry_id
FROM unnest($2::uuid[], $3::bigint[]) AS granted (job_id, entry_id)
WHERE provider = $1 AND provider_slots.job_id = granted.job_id
"""

TAKE = """
UPDATE provider_slots SET lease = $4 WHERE provider = $1 AND job_id = $2 AND entry_id = $3
RETURNING true
"""

REMOVE_WAITING = "DELETE FROM provider_slots WHERE provider = $1 AND job_id = $2 AND entry_id IS NULL"

RELEASE = "DELETE FROM provider_slots WHERE provider = $1 AND job_id = $2 AND lease = $3"

WAITING = "SELECT provider, count(*) AS waiting FROM provider_slots WHERE entry_id IS NULL GROUP BY provider"

PROVIDERS = "SELECT DISTINCT provider FROM provider_slots"

RESERVE_REQUEST = """
INSERT INTO provider_pacing AS pacing (provider, next_at) VALUES ($1, clock_timestamp() + $2::interval)
ON CONFLICT (provider) DO UPDATE SET next_at = greatest(pacing.next_at, clock_timestamp()) + $2::interval
WHERE pacing.next_at <= clock_timestamp() + $3::interval
RETURNING greatest(0, extract(epoch FROM next_at - $2::interval - clock_timestamp()))::float8
"""
