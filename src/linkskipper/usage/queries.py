"""The statements on hourly_usage."""

# In one order, as several processes add to the same rows.
ADD = """
INSERT INTO hourly_usage (owner, hour, done, failed, invalid, cached, credits, milliseconds)
SELECT owner, to_timestamp(hour * 3600), done, failed, invalid, cached, credits, milliseconds
FROM unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]
) AS added (owner, hour, done, failed, invalid, cached, credits, milliseconds)
ORDER BY owner, hour
ON CONFLICT (owner, hour) DO UPDATE SET
    done = hourly_usage.done + excluded.done, failed = hourly_usage.failed + excluded.failed,
    invalid = hourly_usage.invalid + excluded.invalid, cached = hourly_usage.cached + excluded.cached,
    credits = hourly_usage.credits + excluded.credits,
    milliseconds = hourly_usage.milliseconds + excluded.milliseconds
"""

READ = """
SELECT date_trunc($3, hour, 'UTC') AS begin, sum(done)::bigint AS done, sum(failed)::bigint AS failed,
    sum(invalid)::bigint AS invalid, sum(cached)::bigint AS cached, sum(credits)::bigint AS credits,
    sum(milliseconds)::bigint AS milliseconds
FROM hourly_usage WHERE owner = $1 AND hour >= $2 GROUP BY 1
"""

PRUNE = """
DELETE FROM hourly_usage WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM hourly_usage WHERE hour < now() - $1::interval ORDER BY hour LIMIT $2 FOR UPDATE
))
"""
