"""The statements on users, memberships, sessions and the other tables of people."""

CREATE_USER = "INSERT INTO users (name, is_operator) VALUES ($1, $2) RETURNING id"

ADD_MEMBER = "INSERT INTO memberships (user_id, account_id, role) VALUES ($1, $2, $3)"

ANY_USER = "SELECT EXISTS (SELECT FROM users)"

OLDEST_ACCOUNT = "SELECT min(id) FROM accounts"

USER = """
SELECT id, name, is_operator, password_hash IS NOT NULL AS has_password, totp_secret IS NOT NULL AS has_totp,
    created_at, disabled_at
FROM users
"""

USERS = USER + "ORDER BY id"

USER_BY_ID = USER + "WHERE id = $1"

USER_BY_NAME = USER + "WHERE lower(name) = lower($1)"

# A search looks at $4 users.
PEOPLE = (
    USER  # noqa: S608 - nothing in it comes from outside
    + """
WHERE id IN (SELECT id FROM users WHERE $2::bigint IS NULL OR id < $2 ORDER BY id DESC LIMIT $4)
    AND ($1::text IS NULL OR position(lower($1) IN lower(name)) > 0)
ORDER BY id DESC LIMIT $3
"""
)

FIRST_OPERATOR = USER + "WHERE is_operator AND disabled_at IS NULL ORDER BY id LIMIT 1"

RENAME = "UPDATE users SET name = $2 WHERE id = $1"

DISABLE = "UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE id = $1"

ENABLE = "UPDATE users SET disabled_at = NULL WHERE id = $1"

FIRST_ACCOUNT = "SELECT min(account_id) FROM memberships WHERE user_id = $1"

MEMBERSHIPS = """
SELECT account_id, accounts.name AS account_name, role
FROM memberships JOIN accounts ON accounts.id = account_id
WHERE user_id = $1 ORDER BY account_id
"""

MEMBERS = """
SELECT users.id AS user_id, name, role, is_operator, disabled_at
FROM memberships JOIN users ON users.id = user_id
WHERE account_id = $1 ORDER BY user_id LIMIT $2
"""

SET_ROLE = """
INSERT INTO memberships (user_id, account_id, role) VALUES ($1, $2, $3)
ON CONFLICT (user_id, account_id) DO UPDATE SET role = excluded.role
"""

# The last account of a user stays: a session is always in one.
REMOVE_MEMBER = """
DELETE FROM memberships WHERE user_id = $1 AND account_id = $2
    AND EXISTS (SELECT FROM memberships AS others WHERE others.user_id = $1 AND others.account_id <> $2)
RETURNING user_id
"""

SET_OPERATOR = "UPDATE users SET is_operator = $2 WHERE id = $1"

# Locked in the order of their ids, so that two operators cannot remove each other at the same time.
LOCK_OPERATORS = "SELECT id FROM users WHERE is_operator AND disabled_at IS NULL ORDER BY id FOR NO KEY UPDATE"

CREDENTIALS = "SELECT id, password_hash, totp_secret FROM users WHERE lower(name) = lower($1) AND disabled_at IS NULL"

CREDENTIALS_BY_ID = "SELECT id, password_hash, totp_secret FROM users WHERE id = $1 AND disabled_at IS NULL"

SET_PASSWORD_HASH = "UPDATE users SET password_hash = $2 WHERE id = $1"  # noqa: S105 - a statement

SET_TOTP = "UPDATE users SET totp_secret = $2, totp_last_step = $3 WHERE id = $1"

# A code of the same or an earlier time step was used before.
USE_TOTP_STEP = """
UPDATE users SET totp_last_step = $2
WHERE id = $1 AND totp_secret IS NOT NULL AND (totp_last_step IS NULL OR totp_last_step < $2)
RETURNING id
"""

DELETE_RECOVERY_CODES = "DELETE FROM recovery_codes WHERE user_id = $1"

ADD_RECOVERY_CODES = "INSERT INTO recovery_codes (user_id, hash) SELECT $1, hash FROM unnest($2::bytea[]) AS hash"

USE_RECOVERY_CODE = "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2 RETURNING user_id"

COUNT_RECOVERY_CODES = "SELECT count(*) FROM recovery_codes WHERE user_id = $1"

ADD_LOGIN_LINK = "INSERT INTO login_links (hash, user_id, expires_at) VALUES ($1, $2, now() + $3::interval)"

# A link for a disabled user works again once the user is enabled.
USE_LOGIN_LINK = """
DELETE FROM login_links
WHERE hash = $1 AND expires_at > now()
    AND (user_id IS NULL OR EXISTS (SELECT FROM users WHERE users.id = user_id AND disabled_at IS NULL))
RETURNING user_id
"""

# In one order, so that two first links that are used at the same time do not wait for each other.
LOCK_FIRST_LINKS = "SELECT FROM login_links WHERE user_id IS NULL ORDER BY hash FOR UPDATE"

DROP_FIRST_LINKS = "DELETE FROM login_links WHERE user_id IS NULL"

DROP_LINKS_OF_USER = "DELETE FROM login_links WHERE user_id = $1"

PRUNE_LOGIN_LINKS = "DELETE FROM login_links WHERE expires_at < now()"

# Ends the sessions of the same person, or of the same key, beyond the $9 that were used last.
START_SESSION = """
WITH ended AS (
    DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE id IN (
            SELECT id FROM sessions WHERE user_id = $2 OR key_id = $3 ORDER BY last_seen_at DESC, id DESC OFFSET $9
        ) FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO sessions (hash, user_id, key_id, key_hash, account_id, expires_at, address, user_agent)
VALUES ($1, $2, $3, $4, $5, now() + $6::interval, $7, $8)
"""

# $2 and $3 are the times without a request after which a session ends: of operators, and of others.
# A session of a pasted key ends with that value of the key. An operator visits the account of others as its viewer.
FIND_SESSIONS = """
SELECT sessions.hash, sessions.id, sessions.user_id, users.name AS user_name,
    coalesce(is_operator, false) AS is_operator, password_hash IS NOT NULL AS has_password,
    totp_secret IS NOT NULL AS has_totp,
    sessions.key_id, api_keys.name AS key_name, sessions.account_id, accounts.name AS account_name,
    CASE WHEN role IS NULL AND is_operator THEN 'viewer' ELSE role END AS role,
    role IS NULL AND coalesce(is_operator, false) AS is_visiting, sessions.created_at, last_seen_at,
    proven_at
FROM sessions
JOIN accounts ON accounts.id = sessions.account_id
LEFT JOIN users ON users.id = sessions.user_id AND disabled_at IS NULL
LEFT JOIN memberships ON memberships.user_id = users.id AND memberships.account_id = sessions.account_id
LEFT JOIN api_keys ON api_keys.id = sessions.key_id AND revoked_at IS NULL
    AND (api_keys.hash = key_hash OR (previous_hash = key_hash AND previous_until > now()))
WHERE sessions.hash = ANY($1::bytea[]) AND sessions.expires_at > now()
    AND last_seen_at > now() - CASE WHEN is_operator THEN $2::interval ELSE $3::interval END
    AND (role IS NOT NULL OR is_operator OR api_keys.id IS NOT NULL)
"""

SEEN = "UPDATE sessions SET last_seen_at = now() WHERE id = $1"

# The id in the cookie changes with each proof of identity.
PROVE = "UPDATE sessions SET hash = $2, proven_at = now() WHERE id = $1 RETURNING id"

SWITCH_ACCOUNT = """
UPDATE sessions SET hash = $3, account_id = $2
WHERE id = $1 AND EXISTS (SELECT FROM accounts WHERE accounts.id = $2) AND (
    EXISTS (SELECT FROM memberships WHERE user_id = sessions.user_id AND account_id = $2)
    OR EXISTS (SELECT FROM users WHERE users.id = sessions.user_id AND is_operator AND disabled_at IS NULL)
)
RETURNING id
"""

# $2 and $3 are those of FIND_SESSIONS.
SESSIONS_OF_USER = """
SELECT sessions.id, sessions.created_at, last_seen_at, address, user_agent
FROM sessions JOIN users ON users.id = user_id
WHERE user_id = $1 AND expires_at > now()
    AND last_seen_at > now() - CASE WHEN is_operator THEN $2::interval ELSE $3::interval END
ORDER BY last_seen_at DESC LIMIT $4
"""

END_SESSION = "DELETE FROM sessions WHERE id = $1"

END_SESSION_OF_USER = "DELETE FROM sessions WHERE id = $1 AND user_id = $2 RETURNING id"

END_SESSIONS_OF_USER = "DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2"

# $1 and $2 are $2 and $3 of FIND_SESSIONS.
PRUNE_SESSIONS = """
DELETE FROM sessions WHERE id IN (
    SELECT sessions.id FROM sessions LEFT JOIN users ON users.id = user_id LEFT JOIN api_keys ON api_keys.id = key_id
    WHERE expires_at < now() OR revoked_at IS NOT NULL
        OR last_seen_at < now() - CASE WHEN is_operator THEN $1::interval ELSE $2::interval END
    LIMIT $3
)
"""

ADD_FAILURE = "INSERT INTO sign_in_failures (login, address) VALUES (lower($1), $2) RETURNING id"

COUNT_FAILURES = """
SELECT
    (SELECT count(*) FROM sign_in_failures WHERE login = lower($1) AND at > now() - $3::interval) AS login_failures,
    (SELECT count(*) FROM sign_in_failures WHERE address = $2 AND at > now() - $4::interval) AS address_failures
"""

FORGIVE = "DELETE FROM sign_in_failures WHERE id = $1"

PRUNE_FAILURES = """
DELETE FROM sign_in_failures WHERE id IN (
    SELECT id FROM sign_in_failures WHERE at < now() - $1::interval ORDER BY at LIMIT $2
)
"""
