"""Tables that grow: the plan of each statement, and the deletion of old rows.

`python -m bench growth` fills them with a million jobs, two million links and half a million deliveries.
"""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import structlog

import linkskipper
from linkskipper.database import Connection, Pool
from linkskipper.database.partitions import NEVER, create_partitions, list_partitions
from linkskipper.queue import entries, install, positions, worker
from linkskipper.request_log import REQUESTS
from linkskipper.service.retention import prune
from linkskipper.settings import load
from linkskipper.webhooks import ATTEMPTS
from support.factories import make_key

log = structlog.get_logger()

JOBS, LINKS, DELIVERIES = 1_000_000, 2_000_000, 500_000
OLD = JOBS // 2
STATEMENTS = 150
RETENTION_SECONDS = 60
BLOAT = 1.1
SPAN = timedelta(days=90)  # of the jobs
PARTITION = re.compile(r"_(before_)?\d{8}$|_default$")
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
WHOLE = {
    "credits.queries.DRIFTED",  # one process sums the whole ledger up, four times a day
    "credits.queries.ENTRY",  # the beginning of other statements
    "webhooks.queries.DELIVERY",  # the same
    "webhooks.queries.PRUNE_HOSTS",  # one process runs it, once an hour. An index would cost every delivery
}
GROWN = {"jobs", "ledger", "cached_links", "idempotency_keys", "webhook_deliveries", "webhook_attempts", "requests"}

FILL = {
    "jobs": """
        INSERT INTO jobs (id, account_id, key_id, url, canonical_url, link_hash, provider, tier, price, queue_position,
            status, target_url, hops, credits_charged, attempt, started_at, finished_at, created_at)
        SELECT uuidv7(age), $1, $2, 'https://bulk.lab.test/' || number,
            'https://bulk.lab.test/' || number, sha256(number::text::bytea), 'bulk', 'standard', 1, 1, 'done',
            'https://example.com/landing/' || number,
            '[{"url": "https://bulk.lab.test/x", "mechanism": "location-header", "status": 301}]', 1, 1,
            now() + age, now() + age, now() + age
        FROM generate_series($3::integer, $4::integer) AS number,
            LATERAL (SELECT (number - $5::integer) * interval '15 seconds' - interval '1 hour' AS age) AS ages
    """,
    "ledger": """
        INSERT INTO ledger (account_id, kind, amount, job_id)
        SELECT account_id, 'charge', -1, id FROM jobs
    """,
    "links": """
        INSERT INTO cached_links (link_hash, canonical_url, target_url, provider, tier, expires_at)
        SELECT sha256(number::text::bytea), 'https://bulk.lab.test/' || number, 'https://example.com/' || number,
            'bulk', 'standard', now() + number * interval '1 second'
        FROM generate_series(1, $1::integer) AS number
    """,
    "idempotency_keys": """
        INSERT INTO idempotency_keys (key_id, idempotency_key, job_id, created_at)
        SELECT key_id, id::text, id, created_at FROM jobs
    """,
    "deliveries": """
        INSERT INTO webhook_deliveries
            (id, key_id, job_id, url, host, event, body, status, next_attempt_at, ended_at, created_at)
        SELECT id, key_id, id, 'https://hook.example/x', 'hook.example', 'resolve.done', repeat('x', 300), 'delivered',
            NULL, finished_at, created_at
        FROM jobs ORDER BY jobs.id DESC LIMIT $1
    """,
    "attempts": """
        INSERT INTO webhook_attempts SELECT id, 1, created_at, 12, 200, NULL, 'ok' FROM webhook_deliveries
    """,
    "requests": """
        INSERT INTO requests (at, account_id, key_id, request_id, method, path, status, milliseconds, job_id)
        SELECT now() - row_number() OVER () * interval '2 seconds', account_id, key_id, id::text, 'POST',
            '/v1/resolve', 202, 3, id
        FROM jobs ORDER BY jobs.id DESC LIMIT $1
    """,
    "queue_log": """
        INSERT INTO pgqueuer_log (created, job_id, status, priority, entrypoint)
        SELECT created_at, 1, 'successful', 0, 'standard' FROM jobs ORDER BY jobs.id DESC LIMIT $1
    """,
}

# The partitions of the next days. Their plans are made again when the server has counted their rows.
EMPTY = "SELECT relname FROM pg_class WHERE relispartition AND reltuples = 0"
SIZES = """
SELECT coalesce(pg_partition_root(oid), oid)::regclass::text AS name, sum(pg_table_size(oid))::bigint >> 20 AS mib,
    sum(pg_indexes_size(oid))::bigint >> 20 AS index_mib
FROM pg_class WHERE relkind = 'r' GROUP BY 1
"""


def statements() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each statement of the service."""
    rooms = [room.name for room in pkgutil.iter_modules(linkskipper.__path__) if room.ispkg]
    modules = [entries, install, positions, worker]
    for room in rooms:
        try:
            modules.append(importlib.import_module(f"linkskipper.{room}.queries"))
        except ModuleNotFoundError:
            continue
    for module in modules:
        for name, value in vars(module).items():
            if name.isupper() and not name.startswith("_") and isinstance(value, str) and STATEMENT.match(value):
                yield f"{module.__name__.removeprefix('linkskipper.')}.{name}", value


async def plan_of(connection: Connection, statement: str) -> str | None:
    """Return the plan for any arguments, None for a part of a statement."""
    numbers = [int(number) for number in re.findall(r"\$(\d+)", statement)]
    arguments = ", ".join(["NULL"] * max(numbers, default=0))
    try:
        await connection.execute(f"PREPARE statement AS {statement}")
    except (asyncpg.PostgresSyntaxError, asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        return None
    rows = await connection.fetch(f"EXPLAIN EXECUTE statement{f'({arguments})' if arguments else ''}")
    await connection.execute("DEALLOCATE statement")
    return "\n".join(row[0] for row in rows)


async def scans(connection: Connection, tables: set[str]) -> dict[str, str]:
    """Return the plan of each statement that reads one of the tables as a whole, by the name of the statement."""
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    empty = {row["relname"] for row in await connection.fetch(EMPTY)}
    found = {}
    for name, statement in statements():
        plan = await plan_of(connection, statement)
        read = set(re.findall(r"Seq Scan on (\w+)", plan or "")) - empty
        if name not in WHOLE and {PARTITION.sub("", table) for table in read} & tables:
            found[name] = plan or ""
    return found


async def fill(pool: Pool, connection: Connection) -> None:
    """Fill the tables."""
    key_id = await make_key(pool)
    account_id = await connection.fetchval("SELECT account_id FROM api_keys WHERE id = $1", key_id)
    began = time.monotonic()
    await connection.execute("SET synchronous_commit = off")
    arguments = {
        "jobs": (account_id, key_id, 1, JOBS, JOBS),
        "ledger": (),
        "links": (LINKS,),
        "idempotency_keys": (),
        "deliveries": (DELIVERIES,),
        "attempts": (),
        "requests": (DELIVERIES,),
        "queue_log": (DELIVERIES,),
    }
    await partition_the_past(connection)
    for name, statement in FILL.items():
        await connection.execute(statement, *arguments[name])
    await connection.execute("VACUUM ANALYZE")
    log.info("growth.filled", seconds=round(time.monotonic() - began, 1))


async def partition_the_past(connection: Connection) -> None:
    """Give the tables the partitions of a database that has been in use for long."""
    now = datetime.now(UTC)
    for table in (REQUESTS, ATTEMPTS):
        for partition in await list_partitions(connection, table):
            if not partition.is_regular and partition.until < NEVER:
                await connection.execute(f"DROP TABLE {partition.name}")
        for days in range(0, SPAN.days + table.days, table.days):
            await create_partitions(connection, table, now - timedelta(days=days))


async def sizes(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return the MiB of each table and of its indexes."""
    rows = await connection.fetch(SIZES)
    return {row["name"]: (row["mib"], row["index_mib"]) for row in rows if row["name"] in GROWN}


async def fill_again(connection: Connection) -> None:
    """Put as many new jobs in the place of the old ones. They are newer than all others, as new jobs are."""
    ((account_id, key_id),) = await connection.fetch("SELECT account_id, id FROM api_keys")
    await connection.execute(FILL["jobs"], account_id, key_id, JOBS + 1, JOBS + OLD, JOBS)


async def test_every_statement_has_its_index(pool: Pool) -> None:
    """No statement of the service depends on reading a table as a whole that grows."""
    async with pool.acquire() as connection:
        await connection.execute("SET enable_seqscan = off")
        assert len(list(statements())) > STATEMENTS
        assert not await scans(connection, GROWN)
        await connection.execute("PREPARE whole AS SELECT count(*) FROM jobs WHERE reason = $1")
        plan = await connection.fetch("EXPLAIN EXECUTE whole(NULL)")
    assert "Seq Scan on jobs" in plan[1][0]


@pytest.mark.growth
@pytest.mark.timeout(900)
async def test_growth(pool: Pool, database_url: str) -> None:
    """No statement reads a grown table as a whole. Old rows go within a minute, and new ones take their room."""
    connection = await asyncpg.connect(database_url)
    await fill(pool, connection)
    found = await scans(connection, GROWN)
    log.info("growth.plans", scans=sorted(found))
    before = await sizes(connection)
    began = time.monotonic()
    removed = await prune(database_url, load(keep_days=85, webhook_keep_days=30))
    seconds = time.monotonic() - began
    log.info("growth.retention", seconds=round(seconds, 1), **removed)
    log.info("growth.sizes_mib", when="before", **before)
    log.info("growth.sizes_mib", when="after retention", **await sizes(connection))
    await connection.execute("VACUUM")
    await fill_again(connection)
    after = await sizes(connection)
    log.info("growth.sizes_mib", when="with new jobs", **after)
    await connection.close()
    assert not found, "\n".join(f"{name}\n{plan}" for name, plan in found.items())
    assert removed["jobs"] >= OLD
    assert removed["partitions"] > 0
    assert seconds < RETENTION_SECONDS
    assert sum(after["jobs"]) < BLOAT * sum(before["jobs"])
