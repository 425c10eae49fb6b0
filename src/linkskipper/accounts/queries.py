"""The statements on accounts (except their credits), api_keys and daily_usage."""

CREATE_ACCOUNT = "INSERT INTO accounts (name, telegram_id) VALUES ($1, $2) RETURNING id"

ACCOUNT = """
SELECT id, name, telegram_id, subscription_until, balance, held, created_at, closed_at
FROM accounts WHERE id = $1
"""

ACCOUNTS = """
SELECT id, name, telegram_id, subscription_until, balance, held, created_at, closed_at
FROM accounts ORDER BY id
"""

# A search by name looks at $4 accounts. A number also finds those with that id or Telegram id, among all accounts.
SEARCH_ACCOUNTS = """
SELECT id, name, telegram_id, subscription_until, balance, held, created_at, closed_at FROM (
    (
        SELECT * FROM (SELECT * FROM accounts WHERE $2::bigint IS NULL OR id < $2 ORDER BY id DESC LIMIT $4) AS walked
        WHERE $1::text IS NULL OR position(lower($1) IN lower(name)) > 0 ORDER BY id DESC LIMIT $3
    )
    UNION SELECT * FROM accounts WHERE id = $5::bigint
    UNION SELECT * FROM accounts WHERE telegram_id = $5
) AS found
WHERE $2 IS NULL OR id < $2 ORDER BY id DESC LIMIT $3
"""

CLOSE_ACCOUNT = "UPDATE accounts SET closed_at = now() WHERE id = $1 AND closed_at IS NULL RETURNING id"

REOPEN_ACCOUNT = "UPDATE accounts SET closed_at = NULL WHERE id = $1 AND closed_at IS NOT NULL RETURNING id"

CREATE_KEY = """
INSERT INTO api_keys
    (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit, daily_quota)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id
"""

KEYS = """
SELECT id, account_id, name, prefix, last_four, scopes, rate_limit, daily_quota, created_at, last_used_at, revoked_at
FROM api_keys WHERE $1::bigint IS NULL OR account_id = $1 ORDER BY id
"""

ROLL_KEY = """
UPDATE api_keys
SET hash = $2, prefix = $3, last_four = $4, previous_hash = hash, previous_until = now() + $5::interval
WHERE id = $1 AND revoked_at IS NULL
RETURNING webhook_secret
"""

ROLL_SIGNING_KEY = """
UPDATE api_keys
SET webhook_secret = $2, previous_webhook_secret = webhook_secret, previous_webhook_until = now() + $3::interval
WHERE id = $1 AND revoked_at IS NULL
RETURNING id
"""

SIGNING_KEYS = """
SELECT id, ARRAY[webhook_secret, CASE WHEN previous_webhook_until > now() THEN previous_webhook_secret END] AS secrets
FROM api_keys WHERE id = ANY($1::bigint[])
"""

REVOKE = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 RETURNING id"

# The keys of a closed account can only read.
AUTHENTICATE = """
SELECT matched_hash, matched.id, account_id, matched.name, rate_limit, daily_quota,
    CASE WHEN closed_at IS NULL THEN scopes ELSE '{}' END AS scopes
FROM (
    SELECT hash AS matched_hash, id, account_id, name, scopes, rate_limit, daily_quota
    FROM api_keys WHERE hash = ANY($1::bytea[]) AND revoked_at IS NULL
    UNION ALL
    SELECT previous_hash, id, account_id, name, scopes, rate_limit, daily_quota
    FROM api_keys WHERE previous_hash = ANY($1::bytea[]) AND previous_until > now() AND revoked_at IS NULL
) AS matched JOIN accounts ON accounts.id = account_id
"""

# Lock in one order first, because several processes update the same keys.
SET_LAST_USED = """
WITH locked AS MATERIALIZED (
    SELECT id FROM api_keys WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
)
UPDATE api_keys SET last_used_at = used.at
FROM unnest($1::bigint[], $2::timestamptz[]) AS used (id, at) JOIN locked USING (id)
WHERE api_keys.id = used.id
"""

CREATE_USAGE = """
INSERT INTO daily_usage (key_id, day) SELECT key_id, $2 FROM unnest($1::bigint[]) AS key_id
ON CONFLICT DO NOTHING
"""

LOCK_USAGE = """
SELECT key_id, accepted FROM daily_usage WHERE key_id = ANY($1) AND day = $2 ORDER BY key_id FOR NO KEY UPDATE
"""

ADD_USAGE = """
UPDATE daily_usage SET accepted = accepted + added.resolves
FROM unnest($1::bigint[], $3::integer[]) AS added (key_id, resolves)
WHERE daily_usage.key_id = added.key_id AND day = $2
"""

PRUNE_USAGE = "DELETE FROM daily_usage WHERE day < current_date - $1::interval"

USAGE = "SELECT accepted FROM daily_usage WHERE key_id = $1 AND day = $2"

KEY_OVERVIEW = """
SELECT id, account_id, name, prefix, last_four, scopes, rate_limit, daily_quota,
    coalesce((SELECT accepted FROM daily_usage WHERE key_id = api_keys.id AND day = $2), 0) AS used_today,
    created_at, last_used_at, CASE WHEN previous_until > now() THEN previous_until END AS previous_until, revoked_at
FROM api_keys WHERE account_id = $1
"""

ACCOUNT_KEYS = KEY_OVERVIEW + "ORDER BY revoked_at IS NOT NULL, id DESC LIMIT $3"

ACCOUNT_KEY = KEY_OVERVIEW + "AND id = $3"

CHANGE_KEY = """
UPDATE api_keys SET name = $3, rate_limit = $4, daily_quota = $5
WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL
RETURNING id
"""
