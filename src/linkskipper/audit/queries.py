"""The statements on audit_log and egress_refusals."""

from linkskipper.database.walk import walk_statement

RECORD = """
INSERT INTO audit_log (action, actor, user_id, account_id, subject, address, request_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_CHOSEN = """
($5::text IS NULL OR action = $5)
AND ($6::text IS NULL OR position($6 IN actor) > 0 OR position($6 IN subject) > 0 OR address = $6)
"""

LIST, LIST_OF_ACCOUNT = (
    walk_statement(
        columns="id, at, action, actor, user_id, account_id, subject, address, request_id",
        table="audit_log",
        owner=owner,
        chosen=_CHOSEN,
    )
    for owner in (None, "account_id")
)

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
