"""The statements on provider_state and circuits."""

# The newest value comes first. A link that failed has no seconds.
SAVE_SECONDS = """
INSERT INTO provider_state (provider, recent)
SELECT provider, array_agg(seconds) FROM unnest($1::text[], $2::real[]) AS ended (provider, seconds)
GROUP BY provider ORDER BY provider
ON CONFLICT (provider) DO UPDATE SET recent = (excluded.recent || provider_state.recent)[1:$3]
"""

STATS = """
SELECT provider, count(*) AS links, count(seconds) AS successes,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90
FROM provider_state, unnest(recent) AS seconds
GROUP BY provider
"""

CREATE_CIRCUITS = """
INSERT INTO circuits (provider, host) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING
"""

LOCK_CIRCUITS = """
SELECT provider, host, consecutive_failures, open_until, probe_until
FROM circuits JOIN unnest($1::text[], $2::text[]) AS wanted (provider, host) USING (provider, host)
ORDER BY provider, host FOR UPDATE OF circuits
"""

NOW = "SELECT clock_timestamp()"

SAVE_CIRCUIT = """
UPDATE circuits SET consecutive_failures = $3, open_until = $4, probe_until = $5, changed_at = clock_timestamp()
WHERE provider = $1 AND host = $2
"""

DELETE_CIRCUITS = """
DELETE FROM circuits USING unnest($1::text[], $2::text[]) AS closed (provider, host)
WHERE circuits.provider = closed.provider AND circuits.host = closed.host
"""

EXCEPTIONS = """
SELECT provider, host, consecutive_failures,
    extract(epoch FROM greatest(open_until, probe_until) - clock_timestamp())::float8 AS seconds
FROM circuits WHERE open_until IS NOT NULL
UNION ALL
SELECT provider, NULL, NULL, NULL FROM provider_state WHERE off_since IS NOT NULL
"""

CLAIM_PROBE = """
UPDATE circuits SET probe_until = clock_timestamp() + $3::interval
WHERE provider = $1 AND host = $2 AND open_until <= clock_timestamp()
    AND (probe_until IS NULL OR probe_until <= clock_timestamp())
RETURNING probe_until
"""

RELEASE_PROBE = "UPDATE circuits SET probe_until = NULL WHERE provider = $1 AND host = $2 AND probe_until = $3"

SWITCH_OFF = """
INSERT INTO provider_state (provider, off_since, note) VALUES ($1, now(), $2)
ON CONFLICT (provider) DO UPDATE
SET off_since = coalesce(provider_state.off_since, now()), note = excluded.note
"""

IS_OFF = "SELECT off_since IS NOT NULL FROM provider_state WHERE provider = $1 FOR NO KEY UPDATE"

SWITCH_ON = "UPDATE provider_state SET off_since = NULL, note = NULL WHERE provider = $1"

SWITCHED_OFF = "SELECT provider, off_since, note FROM provider_state WHERE off_since IS NOT NULL"

CIRCUITS_OF = """
SELECT host, cardinality(consecutive_failures) AS failures, open_until FROM circuits WHERE provider = $1 ORDER BY host
"""

OPEN_CIRCUITS = "SELECT provider, host, open_until FROM circuits WHERE open_until IS NOT NULL ORDER BY provider, host"

PRUNE_CIRCUITS = """
DELETE FROM circuits
WHERE changed_at < now() - $1::interval AND coalesce(greatest(open_until, probe_until) < now(), true)
"""
