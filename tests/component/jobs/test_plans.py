"""The statements on tables that grow find their rows by indexes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from linkskipper.database import Connection, Pool
from linkskipper.jobs import queries
from linkskipper.link_cache import queries as cache_queries

ID = "ARRAY[gen_random_uuid()]"
HASH = "ARRAY['a'::bytea]"
RESULT = f"{ID}, ARRAY[1], {ID}, ARRAY['done'], ARRAY['t'], ARRAY['p'], ARRAY['t'], ARRAY['r'], ARRAY['[]'::jsonb]"
JOB = f"{ID}, {ID}, ARRAY[1], ARRAY[1], ARRAY['u'], ARRAY['u'], {HASH}, ARRAY['p'], ARRAY['standard'], ARRAY[1]"

FILTERS = "NULL, NULL, NULL, NULL, NULL"

READS = {
    "find_cached": (
        queries.FIND_CACHED,
        f"{HASH}, ARRAY[1::bigint], ARRAY[1::bigint], ARRAY['k']",
        {"cached_links_pkey", "idempotency_keys_pkey"},
    ),
    "read": (queries.READ, ID, {"jobs_pkey"}),
    "list": (queries.LIST, "1, NULL, gen_random_uuid(), 20, 100", {"jobs_by_key"}),
    "last_walked": (queries.LAST_WALKED, "1, gen_random_uuid(), 100", {"jobs_by_key"}),
    "account_jobs": (queries.ACCOUNT_JOBS, f"NULL, 2000, 50, 1, {FILTERS}", {"jobs_by_account"}),
    "key_jobs": (queries.KEY_JOBS, f"gen_random_uuid(), 2000, 50, 1, {FILTERS}", {"jobs_by_key"}),
    "details": (queries.DETAILS, "gen_random_uuid(), 1, NULL", {"jobs_by_leader"}),
    "count_account_jobs": (queries.COUNT_ACCOUNT_JOBS, "1, gen_random_uuid(), 1000", {"jobs_by_account"}),
    "count_key_jobs": (queries.COUNT_KEY_JOBS, "1, gen_random_uuid(), 1000", {"jobs_by_key"}),
    "newest_account_job": (queries.NEWEST_ACCOUNT_JOB, "1", {"jobs_by_account"}),
    "newest_key_job": (queries.NEWEST_KEY_JOB, "1", {"jobs_by_key"}),
    "trace": (queries.TRACE, "1, gen_random_uuid()", {"jobs_by_key"}),
    "replay": (queries.REPLAY, "1, 'a'", {"jobs_pkey", "idempotency_keys_pkey"}),
}
WRITES = {
    "insert": (queries.INSERT, f"{JOB}, ARRAY['w'], ARRAY[NULL::integer], ARRAY[false]", {"jobs_pkey"}),
    "start": (queries.START, f"{ID}, {ID}", {"jobs_pkey"}),
    "show_hops": (queries.SHOW_HOPS, "gen_random_uuid(), 1, gen_random_uuid(), '[]', 0", {"jobs_pkey"}),
    "find": (cache_queries.FIND, HASH, {"cached_links_pkey"}),
    "forget": (cache_queries.FORGET, HASH, {"cached_links_pkey"}),
    "end": (queries.END, f"{RESULT}, ARRAY[0], ARRAY[1]", {"jobs_pkey", "inflight_links_pkey"}),
    "end_followers": (queries.END_FOLLOWERS, ID, {"jobs_pkey", "jobs_by_leader"}),
}
GROWING = ("jobs", "cached_links", "inflight_links", "idempotency_keys")
JOBS = 1_000_000
KEYS = 10
ROWS = 20_000  # of the other tables

GROW = """
SET LOCAL statement_timeout = 0;
INSERT INTO accounts (name) VALUES ('a');
INSERT INTO api_keys (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit)
SELECT 1, 'k', number::text::bytea, 'p', 'f', '', '{}', 1 FROM generate_series(1, %(keys)s) AS number;
INSERT INTO jobs (id, account_id, key_id, url, link_hash, provider, tier, price, queue_position, status, target_url,
    leader_id)
SELECT uuidv7(number * interval '1 ms'), 1, 1 + number %% %(keys)s, 'u', sha256(number::text::bytea), 'p', 'standard',
    1, 1, 'done', 't',
    CASE WHEN number %% 50 = 0 THEN gen_random_uuid() END
FROM generate_series(1, %(jobs)s) AS number;
INSERT INTO cached_links (link_hash, canonical_url, provider, tier, expires_at)
SELECT sha256(number::text::bytea), 'u', 'p', 'standard', now() + number * interval '1 minute'
FROM generate_series(1, %(rows)s) AS number;
INSERT INTO inflight_links (link_hash, job_id)
SELECT sha256(number::text::bytea), gen_random_uuid() FROM generate_series(1, %(rows)s) AS number;
INSERT INTO idempotency_keys (key_id, idempotency_key, job_id)
SELECT 1, number::text, gen_random_uuid() FROM generate_series(1, %(rows)s) AS number;
ANALYZE;
"""


async def plan_of(connection: Connection, statement: str, arguments: str) -> str:
    """Return the plan that a connection keeps for a statement, whatever its arguments."""
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE hot AS {statement}")
    rows = await connection.fetch(f"EXPLAIN EXECUTE hot({arguments})")
    return "\n".join(row[0] for row in rows)


def check(plan: str, indexes: set[str]) -> None:
    assert not [table for table in GROWING if f"Seq Scan on {table}" in plan], plan
    assert {index for index in indexes if index in plan} == indexes, plan


@pytest.mark.parametrize("name", READS)
async def test_reads_never_scan(pool: Pool, name: str) -> None:
    """A plan of a read that was made for empty tables is kept while they grow, so it must not scan them."""
    statement, arguments, indexes = READS[name]
    async with pool.acquire() as connection:
        check(await plan_of(connection, statement, arguments), indexes)


async def test_writes_do_not_scan_grown_tables(pool: Pool) -> None:
    """Once PostgreSQL has statistics of grown tables, no statement of a job's life scans them."""
    await pool.execute(GROW % {"jobs": JOBS, "keys": KEYS, "rows": ROWS}, timeout=300)
    for statement, arguments, indexes in (READS | WRITES).values():
        async with pool.acquire() as connection:
            check(await plan_of(connection, statement, arguments), indexes)
            await connection.execute("DEALLOCATE hot")
    await check_bounded_walk(pool)


async def check_bounded_walk(pool: Pool) -> None:
    """A page of jobs reads no more jobs than it has, and a bounded number of them to find a rare status."""
    async with pool.acquire() as connection:
        await connection.execute(f"PREPARE list AS {queries.LIST}")
        for status, listed, read in (("NULL", 20, 20), ("'failed'", 0, 1000)):
            explain = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE list(1, {status}, uuidv7(interval '1 day'), 20, 1000)"
            plan = json.loads(await connection.fetchval(explain))[0]["Plan"]
            scan = next(node for node in nodes(plan) if node.get("Index Name") == "jobs_by_key")
            assert (plan["Actual Rows"], scan["Actual Rows"]) == (listed, read)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node of a plan and all nodes under it."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def test_a_poll_does_not_load_the_trace(pool: Pool) -> None:
    """The statement behind GET /v1/jobs/{job_id} does not fetch the hops."""
    async with pool.acquire() as connection:
        await connection.execute(f"PREPARE poll AS {queries.READ}")
        plan = await connection.fetch(f"EXPLAIN (VERBOSE) EXECUTE poll({ID})")
    assert "hops" not in "".join(row[0] for row in plan if "Output" in row[0])
