"""The statements on provider slots and provider pacing."""

LOCK_PLACES = "SELECT pg_advisory_xact_lock(x'4C534B54'::integer, hashtext($1))"  # "LSKT"

LOSE_PLACES = "DELETE FROM provider_places WHERE provider = $1 AND until <= clock_timestamp()"

AWAIT_PLACE = """
INSERT INTO provider_places (provider, job_id, queue) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""

# The job that came to be first goes first: their ids are ordered by time.
GIVE_PLACES = """
UPDATE provider_places SET until = clock_timestamp() + $3::interval
WHERE provider = $1 AND job_id = ANY(ARRAY(
    SELECT job_id FROM provider_places WHERE provider = $1 AND until IS NULL ORDER BY job_id
    LIMIT greatest(
        0, $2::bigint - (SELECT count(*) FROM provider_places WHERE provider = $1 AND until IS NOT NULL)
    )
))
RETURNING job_id, queue
"""

TAKE_PLACE = """
UPDATE provider_places SET worker = $3, until = clock_timestamp() + $4::interval
WHERE provider = $1 AND job_id = $2 AND until > clock_timestamp()
RETURNING true
"""

STAND_ASIDE = "DELETE FROM provider_places WHERE provider = $1 AND job_id = $2 AND until IS NULL"

LEAVE_PLACE = "DELETE FROM provider_places WHERE provider = $1 AND job_id = $2 AND worker = $3"

RENEW_PLACES = """
UPDATE provider_places SET until = clock_timestamp() + $2::interval
FROM unnest($3::text[], $4::uuid[]) AS held (provider, job_id)
WHERE provider_places.provider = held.provider AND provider_places.job_id = held.job_id AND worker = $1
"""

WAITING = "SELECT provider, count(*) AS waiting FROM provider_places WHERE until IS NULL GROUP BY provider"

WITH_PLACES = "SELECT DISTINCT provider FROM provider_places"

RESERVE_REQUEST = """
INSERT INTO provider_pace AS pace (provider, next_at) VALUES ($1, clock_timestamp() + $2::interval)
ON CONFLICT (provider) DO UPDATE SET next_at = greatest(pace.next_at, clock_timestamp()) + $2::interval
WHERE pace.next_at <= clock_timestamp() + $3::interval
RETURNING greatest(0, extract(epoch FROM next_at - $2::interval - clock_timestamp()))::float8
"""
