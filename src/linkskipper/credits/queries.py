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
    INSERT INTO ledger (account_id, kind, amount, note) SELECT id, $3, $2, $4 FROM changed
)
SELECT balance FROM changed
"""

ENTRY = "SELECT id, kind, amount, job_id, note, created_at FROM ledger "

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
