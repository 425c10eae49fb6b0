"""Places at a provider: so many at once over all workers, given to those that have waited longest."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from linkskipper.catalog import Catalog, Provider
from linkskipper.database import Pool
from linkskipper.database.ids import new_id
from linkskipper.provider_limits import ProviderSlots, queries
from linkskipper.queue.pgqueuer import QueueEntry, enqueue

FOR_EVER = 3600.0
TWO = {"concurrency": 2}


def provider(**limits: float) -> Provider:
    fields = {"id": "exe", "label": "Exe", "hosts": ["exe.test"], "tier": "premium", "limits": limits}
    return Provider.model_validate(fields)


def entry() -> QueueEntry:
    return QueueEntry("premium", new_id())


def in_order_of_age(number: int) -> list[QueueEntry]:
    """Ids of the same millisecond are in no order."""
    return sorted((entry() for _ in range(number)), key=lambda each: each.job_id)


@pytest.fixture
def worker(pool: Pool) -> Callable[..., ProviderSlots]:
    """Makes the places of a worker process."""

    def make(limited: Provider, *, lease_seconds: float = FOR_EVER) -> ProviderSlots:
        return ProviderSlots(pool, Catalog([limited]), lease_seconds=lease_seconds)

    return make


async def queued(pool: Pool) -> list[UUID]:
    """The jobs in the queue, the next first."""
    rows = await pool.fetch("SELECT payload FROM pgqueuer ORDER BY priority DESC, id")
    return [UUID(bytes=row["payload"]) for row in rows]


async def wait(places: ProviderSlots, pool: Pool, limited: Provider, waiting: QueueEntry) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await places.wait(connection, limited, waiting)


async def test_so_many_at_once(pool: Pool, worker: Callable[..., ProviderSlots]) -> None:
    """Two workers share the places, and a place that is left is free again."""
    exe = provider(**TWO)
    one, other = worker(exe), worker(exe)
    entries = [entry() for _ in range(3)]
    assert await one.take(exe, entries[0])
    assert await other.take(exe, entries[1])
    assert not await one.take(exe, entries[2])
    assert not await other.take(exe, entries[2])
    await one.leave(exe, entries[0].job_id)
    assert await other.take(exe, entries[2])
    assert await queued(pool) == []


async def test_a_hundred_at_the_same_time(worker: Callable[..., ProviderSlots]) -> None:
    """However many ask at once, no more are let in."""
    exe = provider(**TWO)
    workers = [worker(exe) for _ in range(4)]
    taken = await asyncio.gather(*(workers[number % 4].take(exe, entry()) for number in range(100)))
    assert sum(taken) == 2


async def test_who_has_waited_longest_goes_first(pool: Pool, worker: Callable[..., ProviderSlots]) -> None:
    """A place that is left is the oldest job's, whatever order they came in; nobody overtakes it, until it is taken."""
    exe = provider(concurrency=1)
    places = worker(exe)
    first, older, newer = in_order_of_age(3)
    assert await places.take(exe, first)
    for each in (newer, older):
        assert not await places.take(exe, each)
        await wait(places, pool, exe, each)
    assert await queued(pool) == []
    await places.leave(exe, first.job_id)
    assert await queued(pool) == [older.job_id]
    assert not await places.take(exe, first)
    assert not await places.take(exe, newer)
    assert await places.take(exe, older)


async def test_a_place_that_is_left_amid_the_refusal(pool: Pool, worker: Callable[..., ProviderSlots]) -> None:
    """A job that is refused, and begins to wait when a place has come free meanwhile, is queued at once, and first."""
    exe = provider(concurrency=1)
    places = worker(exe)
    first, second = entry(), entry()
    await places.take(exe, first)
    assert not await places.take(exe, second)
    await places.leave(exe, first.job_id)
    async with pool.acquire() as connection, connection.transaction():
        await enqueue(connection, [entry()])
    await wait(places, pool, exe, second)
    assert (await queued(pool))[0] == second.job_id


async def test_places_of_the_dead(pool: Pool, worker: Callable[..., ProviderSlots]) -> None:
    """Whoever does not renew loses its places to those who wait; whoever does keeps them."""
    exe = provider(**TWO)
    dead, alive = worker(exe, lease_seconds=0.4), worker(exe, lease_seconds=0.4)
    lost, kept, waiting = entry(), entry(), entry()
    await dead.take(exe, lost)
    await alive.take(exe, kept)
    await wait(alive, pool, exe, waiting)
    async with asyncio.timeout(10):
        while not await queued(pool):
            await alive.tend()
            await asyncio.sleep(0.05)
    holders = {row["job_id"] for row in await pool.fetch("SELECT job_id FROM provider_places")}
    assert holders == {kept.job_id, waiting.job_id}


async def test_what_could_not_be_left_is_not_renewed(pool: Pool, worker: Callable[..., ProviderSlots]) -> None:
    """A place that was left while the database was away is lost with its lease, though its worker lives on."""
    exe = provider(**TWO)
    places = worker(exe, lease_seconds=0.4)
    left, kept = entry(), entry()
    for each in (left, kept):
        await places.take(exe, each)
    await pool.execute("ALTER TABLE provider_places RENAME TO away")
    await places.leave(exe, left.job_id)
    await pool.execute("ALTER TABLE away RENAME TO provider_places")
    async with asyncio.timeout(10):
        while await pool.fetchval("SELECT count(*) FROM provider_places") > 1:
            await places.tend()
            await asyncio.sleep(0.05)
    assert await pool.fetchval("SELECT job_id FROM provider_places") == kept.job_id


async def test_the_late_cannot_give_away_what_is_not_theirs(worker: Callable[..., ProviderSlots]) -> None:
    """A worker that was thought dead leaves a place that its job has taken anew with another: it stays that one's."""
    exe = provider(concurrency=1)
    late, other = worker(exe), worker(exe)
    job = entry()
    await late.take(exe, job)
    assert await other.take(exe, job)
    await late.leave(exe, job.job_id)
    assert not await late.take(exe, entry())


async def test_a_limit_that_is_lifted(pool: Pool, worker: Callable[..., ProviderSlots]) -> None:
    """When a provider's file sets no limit any more, whoever waits is let in."""
    exe = provider(concurrency=1)
    places = worker(exe)
    await places.take(exe, entry())
    waiting = in_order_of_age(3)
    for each in waiting:
        await wait(places, pool, exe, each)
    await worker(provider()).tend()
    assert await queued(pool) == [each.job_id for each in waiting]


@pytest.mark.parametrize("statement", [queries.GIVE_PLACES, queries.LOSE_PLACES], ids=["give", "lose"])
async def test_a_long_line_costs_no_more(pool: Pool, statement: str) -> None:
    """With thousands of jobs waiting, a place is handed on without walking along the line."""
    await pool.execute(
        "INSERT INTO provider_places (provider, job_id, queue) SELECT 'exe', gen_random_uuid(), 'premium'"
        " FROM generate_series(1, 20000)"
    )
    await pool.execute("ANALYZE provider_places")
    arguments = ("exe", 2, timedelta(seconds=1)) if statement == queries.GIVE_PLACES else ("exe",)
    plan = await pool.fetch(f"EXPLAIN {statement}", *arguments)
    assert "Seq Scan" not in "\n".join(row[0] for row in plan)


async def test_requests_apart(pool: Pool, worker: Callable[..., ProviderSlots]) -> None:
    """Requests are reserved one interval after the other, over all workers; one that comes too late is not."""
    exe = provider(min_interval=10)
    one, other = worker(exe), worker(exe)
    waits = [await places.reserve(exe, 100) for places in (one, other, one)]
    assert [round(wait or 0) for wait in waits] == [0, 10, 20]
    assert await other.reserve(exe, 25) is None
    assert round(await other.reserve(exe, 35) or 0) == 30
    await pool.execute("UPDATE provider_pace SET next_at = now() - interval '1 hour'")
    assert await one.reserve(exe, 0) == 0


@pytest.mark.parametrize(
    ("limits", "at_once"),
    [
        ({}, None),
        ({"concurrency": 3}, 3),
        ({"min_interval": 0.1}, 21),
        ({"min_interval": 5}, 1),
        ({"min_interval": 0.001}, 1000),
        ({"min_interval": 1, "concurrency": 2}, 2),
        ({"min_interval": 1, "concurrency": 20}, 3),
    ],
)
def test_at_once(limits: dict[str, float], at_once: int | None) -> None:
    """Where requests must be apart, only so many links are let in as keep each one's wait for its turn short."""
    assert provider(**limits).limits.at_once == at_once
