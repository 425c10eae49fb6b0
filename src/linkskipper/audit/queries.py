"""The statements on audit_log and egress_refusals."""

RECORD = """
INSERT INTO audit_log (action, actor, user_id, account_id, subject, address, request_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

# A page looks at $2 entries at most. The first row has the id of the last of them, or NULL if there are fewer.
_LIST = """
WITH walked AS MATERIALIZED (
    SELECT id, at, action, actor, user_id, account_id, subject, address, request_id
    FROM audit_log WHERE {range} AND ($1::bigint IS NULL OR id < $1)
    ORDER BY {order} LIMIT $2
), listed AS (
    SELECT * FROM walked
    WHERE ($4::text IS NULL OR action = $4)
        AND ($5::text IS NULL OR position($5 IN actor) > 0 OR position($5 IN subject) > 0 OR address = $5)
    ORDER BY id DESC LIMIT $3
)
SELECT listed.*, last_walked
FROM (SELECT CASE WHEN count(*) = $2 THEN min(id) END AS last_walked FROM walked) AS walk LEFT JOIN listed ON true
ORDER BY listed.id DESC
"""

LIST = _LIST.format(range="true", order="id DESC")

# A range of one account, where `=` would do, keeps the planner on the index audit_log_by_account.
LIST_OF_ACCOUNT = _LIST.format(range="account_id BETWEEN $6 AND $6", order="account_id DESC, id DESC")

# In one order, as several processes add to the same rows.
ADD_REFUSALS = """
INSERT INTO egress_refusals (host, reason, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS added (host, reason, count) ORDER BY host, reason
ON CONFLICT (host, reason) DO UPDATE SET count = egress_refusals.count + excluded.count, last_at = now()
"""

# Looks at the newest $3 refusals.
REFUSALS = """
SELECT host, reason, count, first_at, last_at
FROM (SELECT * FROM egress_refusals ORDER BY last_at DESC LIMIT $3) AS walked
WHERE $1::text IS NULL OR position(lower($1) IN host) > 0 OR position($1 IN reason) > 0
ORDER BY last_at DESC LIMIT $2
"""

PRUNE_REFUSALS = """
DELETE FROM egress_refusals WHERE (host, reason) IN (
    SELECT host, reason FROM egress_refusals WHERE last_at < now() - $1::interval ORDER BY last_at LIMIT $2
)
"""
