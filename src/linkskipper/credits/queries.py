"""The statements on the ledger and on the credits of accounts.

Accounts are always locked in the order of their ids, so that no two transactions wait for each other.
"""

LOCK = """
SELECT id, balance, balance - held AS spendable FROM accounts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
"""

HOLD = """
UPDATE accounts SET held = held + asked.credits
FROM unnest($1::bigint[], $2::bigint[]) AS asked (id, credits)
WHERE accounts.id = asked.id
"""

SETTLE = """
WITH noted AS (
    INSERT INTO ledger (account_id, kind, amount, job_id)
    SELECT account_id, 'take', -credits, job_id
    FROM unnest($4::bigint[], $5::bigint[], $6::uuid[]) AS charge (account_id, credits, job_id)
)
UPDATE accounts SET held = accounts.held - ended.held, balance = balance - ended.taken
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS ended (id, held, taken)
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
