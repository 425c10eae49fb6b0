"""Workers of queues: what happens to an entry, and to the worker when the database fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from linkskipper.database import Connection, EmbeddedServer, Pool, open_connection
from linkskipper.queue import NewQueueItem, QueueItem, QueueWorker, enqueue, install_queue
from linkskipper.queue.worker import QueueHandler

QUEUE = "letters"
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
WORKER_ID = "SELECT queue_manager_id FROM pgqueuer"
TAKE = "UPDATE pgqueuer SET status = 'picked', queue_manager_id = $1"


@asynccontextmanager
async def working(
    url: str, handler: QueueHandler, *, concurrency: int = 4, lease_seconds: float = 1
) -> AsyncIterator[QueueWorker]:
    """Run a worker until the context ends."""
    worker = QueueWorker(url, {QUEUE: 0}, handler, concurrency=concurrency, lease_seconds=lease_seconds)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await task


async def add(pool: Pool, *payloads: bytes, delay: timedelta = timedelta(), priority: int = 0) -> list[int]:
    async with pool.acquire() as connection:
        return await enqueue(connection, [NewQueueItem(QUEUE, payload, delay, priority) for payload in payloads])


async def cut(pool: Pool) -> None:
    await pool.execute(f"SELECT pg_terminate_backend(pid) FROM ({BACKENDS}) AS others")


async def connected(worker: QueueWorker) -> bool:
    await asyncio.sleep(0.01)
    return worker.connected


async def until_empty(pool: Pool) -> None:
    while await pool.fetchval("SELECT count(*) FROM queue_entries"):
        await asyncio.sleep(0.01)


async def test_entries_reach_the_handler(pool: Pool, database_url: str) -> None:
    """An entry arrives with its id, its queue and its payload, and is gone from the queue afterwards."""
    items = asyncio.Queue[QueueItem]()

    async def handle(item: QueueItem) -> bool:
        items.put_nowait(item)
        return True

    async with working(database_url, handle):
        (entry_id,) = await add(pool, b"a")
        assert await items.get() == QueueItem(entry_id, QUEUE, b"a")
    assert await pool.fetchval("SELECT count(*) FROM queue_entries") == 0


async def test_an_entry_that_is_put_back_is_taken_again(pool: Pool, database_url: str) -> None:
    """False from the handler puts the entry back, and a failure of the handler does so after the lease."""
    tries = asyncio.Queue[bytes]()
    seen = set[bytes]()

    async def handle(item: QueueItem) -> bool:
        tries.put_nowait(item.payload)
        if item.payload in seen:
            return True
        seen.add(item.payload)
        if item.payload == b"fails":
            raise ValueError("a bug")
        return False

    with capture_logs() as logs:
        async with working(database_url, handle):
            await add(pool, b"fails", b"put back")
            payloads = [await tries.get() for _ in range(4)]
    assert sorted(payloads) == [b"fails"] * 2 + [b"put back"] * 2
    assert [entry["event"] for entry in logs] == ["queue.entry_failed"]


async def test_the_order_of_entries(pool: Pool, database_url: str) -> None:
    """Higher priorities come first, then older entries. A delayed entry comes when it is due."""
    items = asyncio.Queue[bytes]()

    async def handle(item: QueueItem) -> bool:
        items.put_nowait(item.payload)
        return True

    (late,) = await add(pool, b"late", delay=timedelta(minutes=10))
    await add(pool, b"1", b"2")
    await add(pool, b"first", priority=1)
    async with working(database_url, handle, concurrency=2, lease_seconds=600):
        assert [await items.get() for _ in range(3)] == [b"first", b"1", b"2"]
        assert items.empty()
        await pool.execute("UPDATE pgqueuer SET execute_after = now() WHERE id = $1", late)
        assert await items.get() == b"late"


async def test_a_delayed_entry_comes_by_itself(pool: Pool, database_url: str) -> None:
    """A worker that sleeps until its lease of minutes takes an entry when its delay is over."""
    items = asyncio.Queue[bytes]()

    async def handle(item: QueueItem) -> bool:
        items.put_nowait(item.payload)
        return True

    async with working(database_url, handle, lease_seconds=600):
        await add(pool, b"late", delay=timedelta(seconds=0.5))
        assert await items.get() == b"late"


async def test_enqueue_belongs_to_the_transaction(pool: Pool) -> None:
    """A transaction that is rolled back leaves no entry."""

    async def fail(connection: Connection) -> None:
        async with connection.transaction():
            await enqueue(connection, [NewQueueItem(QUEUE, b"a")])
            raise ValueError

    async with pool.acquire() as connection:
        (error,) = await asyncio.gather(fail(connection), return_exceptions=True)
    assert isinstance(error, ValueError)
    assert await pool.fetchval("SELECT count(*) FROM queue_entries") == 0


async def test_a_lost_connection_is_replaced(pool: Pool, database_url: str) -> None:
    """A worker whose connection ends continues with a new one. That is not reported as a failure."""
    items = asyncio.Queue[bytes]()

    async def handle(item: QueueItem) -> bool:
        items.put_nowait(item.payload)
        return True

    with capture_logs() as logs:
        async with working(database_url, handle) as worker:
            await add(pool, b"before")
            assert await items.get() == b"before"
            assert worker.connected
            await until_empty(pool)
            await cut(pool)
            await add(pool, b"after")
            assert await items.get() == b"after"
    assert "queue.failed" not in {entry["event"] for entry in logs}


async def test_a_failure_that_is_not_an_outage_is_an_error(pool: Pool, database_url: str) -> None:
    """A worker that cannot use its tables logs a traceback, and continues when it can use them."""
    items = asyncio.Queue[bytes]()

    async def handle(item: QueueItem) -> bool:
        items.put_nowait(item.payload)
        return True

    await pool.execute("ALTER TABLE pgqueuer RENAME TO gone")
    with capture_logs() as logs:
        async with working(database_url, handle):
            while not logs:
                await asyncio.sleep(0.01)
            await pool.execute("ALTER TABLE gone RENAME TO pgqueuer")
            await add(pool, b"a")
            assert await items.get() == b"a"
    assert {(entry["event"], entry["log_level"]) for entry in logs} == {("queue.failed", "error")}


async def test_a_killed_worker_leaves_its_entry_to_others(pool: Pool, database_url: str) -> None:
    """Another worker takes the entries of a killed worker once their leases are over."""
    started, taken, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hang(_: QueueItem) -> bool:
        started.set()
        await ended.wait()
        return True

    async def handle(_: QueueItem) -> bool:
        taken.set()
        return True

    killed = QueueWorker(database_url, {QUEUE: 0}, hang, concurrency=4, lease_seconds=1)
    task = asyncio.create_task(killed.run())
    await add(pool, b"a")
    await started.wait()
    killed.kill()
    async with working(database_url, handle):
        await taken.wait()
    ended.set()
    await task


async def test_entries_under_way_do_not_hold_up_a_new_connection(pool: Pool, database_url: str) -> None:
    """A worker that loses its connection takes new entries at once, and does not begin again with one under way."""
    items, ended, slow = asyncio.Queue[bytes](), asyncio.Event(), 0

    async def handle(item: QueueItem) -> bool:
        nonlocal slow
        items.put_nowait(item.payload)
        if item.payload == b"slow" and not ended.is_set():
            slow += 1
            await ended.wait()
        return True

    async with working(database_url, handle, lease_seconds=600):
        await add(pool, b"slow")
        assert await items.get() == b"slow"
        for number in range(10):
            await cut(pool)
            await add(pool, str(number).encode())
            while await items.get() != str(number).encode():
                pass
        assert slow == 1
        ended.set()


async def test_entries_that_a_lost_connection_took_are_put_back(pool: Pool, database_url: str) -> None:
    """An entry whose worker never learnt that it took it does not wait for the lease."""
    items = asyncio.Queue[bytes]()
    worker_ids = asyncio.Queue[UUID]()

    async def handle(item: QueueItem) -> bool:
        worker_ids.put_nowait(await pool.fetchval(WORKER_ID))
        items.put_nowait(item.payload)
        return True

    async with working(database_url, handle, lease_seconds=600):
        await add(pool, b"a")
        assert await items.get() == b"a"
        await until_empty(pool)
        async with pool.acquire() as connection, connection.transaction():
            await enqueue(connection, [NewQueueItem(QUEUE, b"lost")])
            await connection.execute(TAKE, worker_ids.get_nowait())
        await cut(pool)
        assert await items.get() == b"lost"


@pytest.mark.parametrize("moment", range(10))
async def test_a_busy_worker_whose_connection_is_cut(moment: int, pool: Pool, database_url: str) -> None:
    """Whenever the connection of a busy worker is cut, every entry is handled without waiting for the lease."""
    handled = set[bytes]()

    async def handle(item: QueueItem) -> bool:
        await asyncio.sleep(0.01)
        handled.add(item.payload)
        return True

    payloads = {str(number).encode() for number in range(200)}
    async with working(database_url, handle, concurrency=20, lease_seconds=600):
        await add(pool, *payloads)
        while len(handled) < 15 * moment:
            await asyncio.sleep(0)
        await cut(pool)
        while handled != payloads:
            await asyncio.sleep(0.01)
        await until_empty(pool)


async def test_a_worker_stops_while_the_database_is_away(data_dir: Path) -> None:
    """A worker that is told to stop after its server has ended does not wait for it."""

    async def handle(_: QueueItem) -> bool:
        return True

    with EmbeddedServer(data_dir).running() as url:
        connection = await open_connection(url)
        await install_queue(connection)
        worker = QueueWorker(url, {QUEUE: 0}, handle, concurrency=4, lease_seconds=600)
        task = asyncio.create_task(worker.run())
        while not await connected(worker):
            pass
    while await connected(worker):
        pass
    worker.stop()
    async with asyncio.timeout(20):
        await task


async def test_workers_hear_only_of_their_own_queue(pool: Pool, database_url: str) -> None:
    """A new entry makes the workers of its queue look, and no others. An entry that has ended makes none look."""
    looks = asyncio.Queue[str]()
    heard = await open_connection(database_url)
    for queue in (QUEUE, "parcels"):
        await heard.add_listener(f"linkskipper_queue_{queue}", lambda _c, _p, channel, _n: looks.put_nowait(channel))
    entry_ids = await add(pool, b"a", b"b")
    assert await looks.get() == f"linkskipper_queue_{QUEUE}"
    await pool.execute("UPDATE pgqueuer SET status = 'picked'")
    await pool.execute("UPDATE pgqueuer SET heartbeat = now()")
    await pool.execute("DELETE FROM pgqueuer WHERE id = $1", entry_ids[0])
    async with pool.acquire() as connection:
        await enqueue(connection, [NewQueueItem("parcels", b"c"), NewQueueItem("parcels", b"d")])
    assert await looks.get() == "linkskipper_queue_parcels"
    await pool.execute("UPDATE pgqueuer SET status = 'queued' WHERE id = $1", entry_ids[1])
    assert await looks.get() == f"linkskipper_queue_{QUEUE}"
    assert looks.empty()
    await heard.close()


async def test_an_entry_that_is_put_back_reaches_another_worker_at_once(pool: Pool, database_url: str) -> None:
    """A worker that stops puts an entry back. Another one takes it, although it sleeps until its lease of minutes."""
    began, stopping, taken = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def put_back(_: QueueItem) -> bool:
        began.set()
        await stopping.wait()
        return False

    async def handle(_: QueueItem) -> bool:
        taken.set()
        return True

    async with working(database_url, put_back, lease_seconds=600) as first:
        await add(pool, b"a")
        await began.wait()
        async with working(database_url, handle, lease_seconds=600) as second:
            while not await connected(second):
                pass
            first.stop()
            stopping.set()
            await taken.wait()


async def test_a_full_worker_takes_the_next_entry_when_one_ends(pool: Pool, database_url: str) -> None:
    """A worker with more entries than it may take hears of its own ends, and does not wait for its next look."""
    handled = asyncio.Queue[bytes]()

    async def handle(item: QueueItem) -> bool:
        handled.put_nowait(item.payload)
        return True

    payloads = {str(number).encode() for number in range(100)}
    async with working(database_url, handle, concurrency=2, lease_seconds=600):
        await add(pool, *payloads)
        assert {await handled.get() for _ in payloads} == payloads
