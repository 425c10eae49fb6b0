"""Tables in partitions by time: how they come about, where rows go, and how partitions are dropped."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import capture_logs

from linkskipper.database import Connection, Pool, partitions
from linkskipper.database.ids import first_id, new_id
from linkskipper.database.partitions import (
    AHEAD,
    Partition,
    PartitionedTable,
    create_partitions,
    drop_partition,
    list_partitions,
)
from linkskipper.database.schema import upgrade
from linkskipper.queue import install_queue
from linkskipper.request_log import REQUESTS, RequestFilter, drop_requests, list_requests, prune_requests
from linkskipper.request_log import queries as request_queries
from linkskipper.service.migrate import migrate
from linkskipper.webhooks import ATTEMPTS, drop_attempts, prune_attempts
from linkskipper.webhooks import queries as webhook_queries
from support.service import named

DAY, WEEK, YEAR = timedelta(days=1), timedelta(days=7), timedelta(days=365)
ADD_REQUEST = """
INSERT INTO requests (at, account_id, key_id, request_id, method, path, status, milliseconds)
VALUES ($1, 1, 1, $2, 'GET', '/', 200, 1)
"""
ADD_ATTEMPT = "INSERT INTO webhook_attempts VALUES ($1, 1, now(), 1, 200, NULL, '')"
ADD_DELIVERY = """
INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body)
VALUES ($1, (SELECT id FROM api_keys), gen_random_uuid(), '', 'h', '', '')
"""
ADD_KEY = """
WITH account AS (INSERT INTO accounts (name) VALUES ('a') RETURNING id)
INSERT INTO api_keys (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit)
SELECT id, 'a', '', '', '', '', '{}', 1 FROM account
"""
APART = "SELECT count(*) FROM pg_constraint WHERE conname LIKE '%\\_apart'"
PLACES = "SELECT tableoid::regclass::text AS place, count(*) FROM {table} GROUP BY 1"


async def places(connection: Connection, table: PartitionedTable) -> dict[str, int]:
    """Return how many rows each partition has."""
    return {row["place"]: row["count"] for row in await connection.fetch(PLACES.format(table=table.name))}


async def regular(connection: Connection, table: PartitionedTable) -> list[Partition]:
    """Return the partitions of one width, the earliest first."""
    return [each for each in await list_partitions(connection, table) if each.is_regular]


@pytest.mark.parametrize("table", [REQUESTS, ATTEMPTS], ids=lambda table: table.name)
async def test_partitions_join(pool: Pool, table: PartitionedTable) -> None:
    """A new database has the partition of the present and those of the next days, without a gap between them."""
    now = datetime.now(UTC)
    async with pool.acquire() as connection:
        (old,) = [each for each in await list_partitions(connection, table) if "_before_" in each.name]
        following = await regular(connection, table)
    assert now + DAY - timedelta(minutes=5) < old.until <= now + DAY + table.width
    assert [each.since for each in following] == [old.until + number * table.width for number in range(len(following))]
    assert following[-1].until >= now + AHEAD * table.width
    assert table.days != 7 or all(each.since.weekday() == 0 for each in following)


async def test_both_sides_of_a_bound(pool: Pool) -> None:
    """The last moment of a day and the first one of the next are in their own partitions. So are ids of two weeks."""
    async with pool.acquire() as connection:
        first, second, *_ = await regular(connection, REQUESTS)
        for moment in (first.since, first.until - timedelta(microseconds=1), first.until):
            await connection.execute(ADD_REQUEST, moment, "")
        assert await places(connection, REQUESTS) == {first.name: 2, second.name: 1}
        first, second, *_ = await regular(connection, ATTEMPTS)
        for delivery in (first_id(first.since), UUID(int=first_id(first.until).int - 1), first_id(first.until)):
            await connection.execute(ADD_ATTEMPT, delivery)
        assert await places(connection, ATTEMPTS) == {first.name: 2, second.name: 1}


def test_a_partition_ends_with_its_last_moment() -> None:
    """A partition has only old rows once its end is reached, and not before. The default partition always may have new
    ones.
    """
    end = datetime(2026, 11, 26, tzinfo=UTC)
    partition = Partition("p", end - DAY, end)
    assert partition.ends_by(end)
    assert not partition.ends_by(end - timedelta(microseconds=1))
    assert not Partition("d", partitions.EPOCH, partitions.NEVER).ends_by(end + 100 * YEAR)


async def test_no_clock_loses_a_row(pool: Pool) -> None:
    """Whatever the clock said when partitions were made and rows written, each row is stored, listed and deleted."""
    now = datetime.now(UTC)
    moments = [now + years * YEAR for years in (-20, -1, 0, 1, 10)] + [now + days * DAY for days in range(8)]
    async with pool.acquire() as connection:
        for clock in (now + 10 * YEAR, now - 10 * YEAR, now):
            await create_partitions(connection, REQUESTS, clock)
        for moment in moments:
            await connection.execute(ADD_REQUEST, moment, "")
        found = await places(connection, REQUESTS)
        assert sum(found.values()) == len(moments)
        assert found[f"requests_{moments[4]:%Y%m%d}"] == found[f"requests_{moments[-5]:%Y%m%d}"] == 1
        assert found["requests_default"] == 5  # a year and four to seven days from now
        page = await list_requests(pool, 1, RequestFilter(), before=None, limit=50)
        assert len(page.rows) == len(moments)
        keep = -11 * YEAR
        assert await drop_requests(connection, keep) > 2
        await prune_requests(connection, keep, batch=2)
        assert await places(connection, REQUESTS) == {}


async def test_the_default_partition_keeps_a_range_of_which_it_has_rows(pool: Pool) -> None:
    """Rows that a clock ran ahead of time wrote prevent only the partition of their day, and its rows are stored."""
    now = datetime.now(UTC) + 30 * DAY
    async with pool.acquire() as connection:
        await connection.execute(ADD_REQUEST, now + DAY, "early")
        await create_partitions(connection, REQUESTS, now)
        names = {each.name for each in await list_partitions(connection, REQUESTS)}
        days = {number: f"requests_{now + number * DAY:%Y%m%d}" for number in range(AHEAD + 1)}
        assert {number for number, name in days.items() if name in names} == {0, 2, 3}
        await connection.execute(ADD_REQUEST, now + DAY, "in time")
        assert await places(connection, REQUESTS) == {"requests_default": 2}


@pytest.mark.parametrize("large", [False, True])
async def test_a_default_partition_is_not_read_under_its_lock(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, *, large: bool
) -> None:
    """A large default partition is checked before the lock. One with rows of a new day keeps that day and no other."""
    monkeypatch.setattr(partitions, "LARGE", 0 if large else 1 << 30)
    now = datetime.now(UTC) + 30 * DAY
    messages: list[str] = []
    async with pool.acquire() as connection:
        for moment in (now - DAY, now + DAY, now + 100 * DAY):
            await connection.execute(ADD_REQUEST, moment, "early")

        def listener(_: object, message: asyncpg.PostgresLogMessage) -> None:
            messages.append(message.message or "")

        connection.add_log_listener(listener)
        await connection.execute("SET client_min_messages = debug1")
        await create_partitions(connection, REQUESTS, now)
        await connection.execute("RESET client_min_messages")
        connection.remove_log_listener(listener)
        assert len([text for text in messages if "implied by existing constraints" in text]) == (2 if large else 0)
        names = {each.name for each in await list_partitions(connection, REQUESTS)}
        days = {number: f"requests_{now + number * DAY:%Y%m%d}" for number in range(AHEAD + 1)}
        assert {number for number, name in days.items() if name in names} == ({2, 3} if large else {0, 2, 3})
        assert await connection.fetchval(APART) == 0
        await connection.execute(ADD_REQUEST, now + 2 * DAY, "in time")
        assert await places(connection, REQUESTS) == {"requests_default": 3, days[2]: 1}


async def test_a_check_that_was_left_behind(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next creation ends what a process began that was stopped, also for the present, and if there are rows."""
    monkeypatch.setattr(partitions, "LARGE", 0)
    day = (datetime.now(UTC) + 30 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    async with pool.acquire() as connection:
        await connection.execute(ADD_REQUEST, day - DAY, "early")
        await connection.execute(ADD_REQUEST, day + DAY * 3 / 2, "early")
        for number in (0, 1, 2):
            since, until = (day + days * DAY for days in (number, number + 1))
            values = {"name": f"requests_{since:%Y%m%d}", "since": since.isoformat(), "until": until.isoformat()}
            await connection.execute(partitions.ADD_CHECK.format(default=REQUESTS.default, column="at", **values))
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(ADD_REQUEST, day + 2 * DAY, "refused")
        await create_partitions(connection, REQUESTS, day)
        assert await connection.fetchval(APART) == 0
        await connection.execute(ADD_REQUEST, day + 2 * DAY, "in time")
        await connection.execute(ADD_REQUEST, day + DAY, "in time")
        await connection.execute(ADD_REQUEST, day, "in time")
        assert (await places(connection, REQUESTS))["requests_default"] == 4


async def test_a_check_that_takes_too_long(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up without a trace, and the connection goes on."""
    monkeypatch.setattr(partitions, "LARGE", 0)
    monkeypatch.setattr(partitions, "VALIDATE_CHECK", "SELECT pg_sleep(30)")
    monkeypatch.setattr(partitions, "CHECK_SECONDS", 1)
    day = (datetime.now(UTC) + 30 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    async with pool.acquire() as connection:
        await connection.execute(ADD_REQUEST, day - DAY, "early")
        before = await connection.fetch(partitions.NAMES, REQUESTS.name)
        with capture_logs() as logs:
            await create_partitions(connection, REQUESTS, day)
        assert [line["event"] for line in logs] == ["database.partition_unchecked"]
        assert await connection.fetch(partitions.NAMES, REQUESTS.name) == before
        assert await connection.fetchval(APART) == 0


async def test_processes_make_partitions_at_once(pool: Pool) -> None:
    """Several processes that make the same partitions at the same time make each once."""
    now = datetime.now(UTC) + YEAR

    async def create() -> None:
        async with pool.acquire() as connection:
            await create_partitions(connection, REQUESTS, now)

    await asyncio.gather(*(create() for _ in range(4)))
    async with pool.acquire() as connection:
        assert len([each for each in await regular(connection, REQUESTS) if each.since > now - DAY]) == AHEAD + 1


async def test_whole_days_go(pool: Pool) -> None:
    """A day is dropped once all of it is old. Its rows stay until then, unless less than a day is kept."""
    async with pool.acquire() as connection:
        first, second, *_ = await regular(connection, REQUESTS)
        for partition in (first, second):
            await connection.execute(ADD_REQUEST, partition.since, "")
        within = datetime.now(UTC) - first.since - timedelta(hours=12)  # so that noon of that day is the oldest
        assert (await drop_requests(connection, within), await prune_requests(connection, 2 * DAY, batch=9)) == (1, 0)
        assert await places(connection, REQUESTS) == {first.name: 1, second.name: 1}
        assert await drop_requests(connection, within - DAY) == 1
        assert await places(connection, REQUESTS) == {second.name: 1}
        assert await prune_requests(connection, within - DAY, batch=9) == 1
        assert await places(connection, REQUESTS) == {}


async def test_attempts_go_with_the_last_delivery_of_their_week(pool: Pool) -> None:
    """A week is dropped once none of its deliveries is left. One that is left keeps its attempts, and no others."""
    async with pool.acquire() as connection:
        await connection.execute(ADD_KEY)
        first, second, *_ = await regular(connection, ATTEMPTS)
        gone, kept, later = (first_id(moment) for moment in (first.since, first.since + DAY, second.since))
        for delivery in (gone, kept, later):
            await connection.execute(ADD_ATTEMPT, delivery)
        await connection.execute(ADD_DELIVERY, kept)
        keep = datetime.now(UTC) - first.until - timedelta(seconds=1)
        assert (await drop_attempts(connection, keep), await prune_attempts(connection, keep, batch=9)) == (1, 1)
        rows = await connection.fetch("SELECT delivery_id FROM webhook_attempts ORDER BY 1")
        assert [row["delivery_id"] for row in rows] == [kept, later]
        await connection.execute("DELETE FROM webhook_deliveries")
        assert (await drop_attempts(connection, keep), await prune_attempts(connection, keep, batch=9)) == (1, 0)
        assert await places(connection, ATTEMPTS) == {second.name: 1}


async def test_dropping_gives_way(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a transaction reads the table, others read and write it, and the drop waits. Then the partition goes."""
    monkeypatch.setattr(partitions, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(partitions, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(partitions, "LOCK_TRIES", 1000)
    async with pool.acquire() as holder, pool.acquire() as connection:
        first, *_ = await regular(connection, REQUESTS)
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SELECT FROM requests")
        drop = asyncio.create_task(drop_partition(connection, first))
        for _ in range(5):
            await pool.execute(ADD_REQUEST, datetime.now(UTC), "")
            assert await pool.fetchval("SELECT count(*) FROM requests")
        assert not drop.done()
        await transaction.commit()
        async with asyncio.timeout(60):
            assert await drop
        assert first.name not in {each.name for each in await list_partitions(connection, REQUESTS)}


async def test_a_locked_partition_stays(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drop that never gets its lock ends and changes nothing. The next one succeeds."""
    monkeypatch.setattr(partitions, "LOCK_TIMEOUT", "20ms")
    monkeypatch.setattr(partitions, "RETRY_SECONDS", 0)
    async with pool.acquire() as connection:
        first, *_ = await regular(connection, REQUESTS)
        async with pool.acquire() as holder, holder.transaction():
            await holder.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SELECT FROM requests")
            assert not await drop_partition(connection, first)
        assert first in await list_partitions(connection, REQUESTS)
        assert await drop_partition(connection, first)


async def test_a_new_partition_is_read_by_its_index(pool: Pool) -> None:
    """A plan that is kept from before a partition had rows reads it by its index."""
    statements = (request_queries.LIST, request_queries.COUNT_CODES, webhook_queries.ATTEMPTS)
    async with pool.acquire() as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_partition_pruning = off")
        for statement, arguments in zip(statements, (9, 2, 1), strict=True):
            await connection.execute(f"PREPARE reading AS {statement}")
            nulls = ", ".join(["NULL"] * arguments)
            plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE reading({nulls})"))
            await connection.execute("DEALLOCATE reading")
            assert "Seq Scan" not in plan, plan
            assert "_default" in plan


async def test_an_older_database_is_partitioned(server_url: str) -> None:
    """The rows of the tables before stay where they are on the disk. Those of a wrong clock go to the default."""
    server = await asyncpg.connect(server_url)
    await server.execute("CREATE DATABASE unpartitioned")
    url = named(server_url, "unpartitioned")
    connection = await asyncpg.connect(url)
    await upgrade(connection, to="0020")
    await install_queue(connection)
    now = datetime.now(UTC)
    for moment in (now - YEAR, now, now + DAY / 2, now + 10 * YEAR):
        await connection.execute(ADD_REQUEST, moment, "old")
        await connection.execute(ADD_ATTEMPT, first_id(moment))
    files = "SELECT pg_relation_filenode($1::text::regclass)"
    before = [await connection.fetchval(files, table.name) for table in (REQUESTS, ATTEMPTS)]
    last = await connection.fetchval("SELECT max(id) FROM requests")
    await migrate(url)
    for table, file in zip((REQUESTS, ATTEMPTS), before, strict=True):
        (old,) = [each for each in await list_partitions(connection, table) if "_before_" in each.name]
        assert await connection.fetchval(files, old.name) == file
        assert await places(connection, table) == {old.name: 3, f"{table.name}_default": 1}
        assert await connection.fetchval("SELECT count(*) FROM pg_constraint WHERE conname LIKE '%\\_end'") == 0
    await connection.execute(ADD_REQUEST, now, "new")
    await connection.execute(ADD_ATTEMPT, new_id())
    assert await connection.fetchval("SELECT id FROM requests WHERE request_id = 'new'") == last + 1
    await connection.close()
    await server.execute("DROP DATABASE unpartitioned WITH (FORCE)")
    await server.close()
