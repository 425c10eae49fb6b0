"""The statements on hourly_usage."""

# In one order, as several processes add to the same rows.
ADD = """
INSERT INTO hourly_usage (
    hour, account_id, key_id, provider, done, failed, invalid, cached, credits, milliseconds
)
SELECT to_timestamp(hour * 3600), account_id, key_id, provider, done, failed, invalid, cached, credits, milliseconds
FROM unnest(
    $1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::bigint[]
) AS added (hour, account_id, key_id, provider, done, failed, invalid, cached, credits, milliseconds)
ORDER BY hour, account_id, key_id, provider
ON CONFLICT (account_id, hour, key_id, provider) DO UPDATE SET
    done = hourly_usage.done + excluded.done, failed = hourly_usage.failed + excluded.failed,
    invalid = hourly_usage.invalid + excluded.invalid, cached = hourly_usage.cached + excluded.cached,
    credits = hourly_usage.credits + excluded.credits,
    milliseconds = hourly_usage.milliseconds + excluded.milliseconds
"""

_READ = """
SELECT date_trunc($3, hour, 'UTC') AS begin, sum(done)::bigint AS done, sum(failed)::bigint AS failed,
    sum(invalid)::bigint AS invalid, sum(cached)::bigint AS cached, sum(credits)::bigint AS credits,
    sum(milliseconds)::bigint AS milliseconds
FROM hourly_usage WHERE {owner} AND hour >= $2 GROUP BY 1
"""

OF_ACCOUNT = _READ.format(owner="account_id = $1::bigint")
OF_KEY = _READ.format(owner="key_id = $1::bigint")
OF_PROVIDER = _READ.format(owner="provider = $1::text")

PRUNE = """
DELETE FROM hourly_usage WHERE (account_id, hour, key_id, provider) IN (
    SELECT account_id, hour, key_id, provider FROM hourly_usage
    WHERE hour < now() - $1::interval ORDER BY hour LIMIT $2
)
"""
