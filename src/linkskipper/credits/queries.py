"""The statements on the ledger and on the credits of accounts.

Every transaction locks accounts in the order of their ids, so no two transactions deadlock.
"""

LOCK = "SELECT id, balance, held FROM accounts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"

HOLD = """
UPDATE accounts SET held = held + reserved.credits
FROM unnest($1::bigint[], $2::bigint[]) AS reserved (id, credits)
WHERE accounts.id = reserved.id
"""

SETTLE = """
WITH noted AS (
    INSERT INTO ledger (account_id, kind, amount, job_id)
    SELECT account_id, 'charge', -credits, job_id
    FROM unnest($4::bigint[], $5::bigint[], $6::uuid[]) AS charges (account_id, credits, job_id)
)
UPDATE accounts SET held = accounts.held - ended.held, balance = balance - ended.charged
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS ended (id, held, charged)
WHERE accounts.id = ended.id
RETURNING accounts.id, balance
"""

CHANGE = """
WITH changed AS (
    UPDATE accounts SET balance = balance + $2 WHERE id = $1 RETURNING id, balance
), noted AS (
    INSERT INTO ledger (account_id, kind, amount, note, reference, actor) SELECT id, $3, $2, $4, $5, $6 FROM changed
)
SELECT balance FROM changed
"""

DRIFTED = """
SELECT count(*) FROM accounts
LEFT JOIN (SELECT account_id, sum(amount) AS total FROM ledger GROUP BY account_id) AS booked ON booked.account_id = id
WHERE balance <> coalesce(total, 0)
"""

BOOKED = """
SELECT account_id = $2 AND kind = $3 AND amount = $4 AS is_same, balance
FROM ledger JOIN accounts ON accounts.id = account_id WHERE reference = $1
"""

ENTRY = "SELECT id, kind, amount, job_id, note, reference, actor, created_at FROM ledger "

# A range of one account, where `=` would do, keeps the planner on the index ledger_by_account.
ENTRIES = (
    ENTRY
    + """
WHERE account_id BETWEEN $1 AND $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY account_id DESC, id DESC LIMIT $3
"""
)

SPENDING = """
SELECT coalesce(-sum(amount) FILTER (WHERE kind = 'charge'), 0)::bigint AS charged,
    min(created_at) FILTER (WHERE kind = 'charge') AS since
FROM (
    SELECT kind, amount, created_at FROM ledger WHERE account_id BETWEEN $1 AND $1
    ORDER BY account_id DESC, id DESC LIMIT $2
) AS newest
"""

CHARGE_OF_JOB = ENTRY + "WHERE account_id = $1 AND job_id = $2"

VOUCHER_REFERENCE = "voucher:{}:{}"

CREATE_VOUCHERS = """
INSERT INTO vouchers (hash, last_four, credits, max_uses, note, actor, expires_at)
SELECT hash, last_four, $3, $4, $5, $6, now() + $7::interval
FROM unnest($1::bytea[], $2::text[]) AS made (hash, last_four)
"""

# An account that redeems a voucher twice at the same time fails at the reference of the ledger.
USE_VOUCHER = """
UPDATE vouchers SET uses = uses + 1
WHERE hash = $1 AND uses < max_uses AND revoked_at IS NULL AND expires_at > now()
    AND NOT EXISTS (SELECT FROM ledger WHERE reference = format('voucher:%s:%s', vouchers.id, $2::bigint))
RETURNING id, last_four, credits
"""

VOUCHERS = """
SELECT id, last_four, credits, max_uses, uses, note, actor, created_at, expires_at, revoked_at,
    expires_at <= now() AS is_expired
FROM vouchers WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
"""

REVOKE_VOUCHER = "UPDATE vouchers SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 RETURNING id"

ADD_VOUCHER_FAILURE = "INSERT INTO voucher_failures (account_id) VALUES ($1) RETURNING id"

COUNT_VOUCHER_FAILURES = "SELECT count(*) FROM voucher_failures WHERE account_id = $1 AND at > now() - $2::interval"

FORGIVE_VOUCHER_FAILURE = "DELETE FROM voucher_failures WHERE id = $1"

PRUNE_VOUCHER_FAILURES = """
DELETE FROM voucher_failures WHERE id IN (
    SELECT id FROM voucher_failures WHERE at < now() - $1::interval ORDER BY at LIMIT $2
)
"""
