"""The statements on requests."""

from linkskipper.database.walk import walk_statement

ADD = """
INSERT INTO requests (at, account_id, key_id, request_id, method, path, status, code, milliseconds, job_id)
SELECT * FROM unnest(
    $1::timestamptz[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::text[],
    $9::real[], $10::uuid[]
)
"""

LIST = walk_statement(
    columns="id, at, key_id, request_id, method, path, status, code, milliseconds, job_id",
    table="requests",
    owner="account_id",
    chosen="""
    ($5::smallint IS NULL OR status / 100 = $5) AND ($6::text IS NULL OR code = $6)
    AND ($7::bigint IS NULL OR key_id = $7) AND ($8::text IS NULL OR method = $8)
    AND ($9::text IS NULL OR position($9 IN path) > 0 OR request_id = $9)
    """,
)

COUNT_CODES = """
SELECT code, count(*) AS requests, max(at) AS last_at
FROM (
    SELECT code, at FROM requests WHERE account_id BETWEEN $1 AND $1 ORDER BY account_id DESC, id DESC LIMIT $2
) AS newest
WHERE code IS NOT NULL GROUP BY code ORDER BY requests DESC, code
"""

# Of one partition, or of all.
PRUNE = """
DELETE FROM {table} WHERE at < $1 AND at <= (
    SELECT max(at) FROM (SELECT at FROM {table} WHERE at < $1 ORDER BY at LIMIT $2) AS oldest
)
"""
