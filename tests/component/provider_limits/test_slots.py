"""Provider slots: a bound over all workers, granted to the jobs that have waited longest."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from linkskipper.catalog import Catalog, Provider
from linkskipper.database import Pool
from linkskipper.database.ids import new_id
from linkskipper.provider_limits import ProviderSlots, SlotHolder, queries
from linkskipper.queue import QueuedJob, enqueue_jobs, enqueue_jobs_first

LONG_LEASE = 3600.0
TWO = {"concurrency": 2}

Worker = Callable[..., ProviderSlots]


def provider(**limits: float) -> Provider:
    fields = {"id": "exe", "label": "Exe", "hosts": ["exe.test"], "tier": "premium", "limits": limits}
    return Provider.model_validate(fields)


async def new_holder(pool: Pool, job_id: UUID | None = None) -> SlotHolder:
    """Queue a job and return its attempt, as a worker makes it that takes the entry."""
    job_id = job_id or new_id()
    async with pool.acquire() as connection, connection.transaction():
        (entry_id,) = await enqueue_jobs_first(connection, [QueuedJob("premium", job_id)])
    return SlotHolder(job_id, "premium", entry_id, uuid4())


async def granted_holder(pool: Pool, job_id: UUID) -> SlotHolder:
    """Return the attempt at a job that was queued with its slot."""
    entry_id = await pool.fetchval("SELECT id FROM pgqueuer WHERE payload = $1", job_id.bytes)
    return SlotHolder(job_id, "premium", entry_id, uuid4())


def waiting_jobs(count: int) -> list[QueuedJob]:
    """Make jobs in the order of their ids. Ids of the same millisecond are in no order."""
    return sorted((QueuedJob("premium", new_id()) for _ in range(count)), key=lambda job: job.job_id)


@pytest.fixture
def worker(pool: Pool) -> Worker:
    """Make the slots of a worker process."""

    def make(limited: Provider, *, lease_seconds: float = LONG_LEASE) -> ProviderSlots:
        return ProviderSlots(pool, Catalog([limited]), lease_seconds=lease_seconds)

    return make


async def queued(pool: Pool) -> list[UUID]:
    """Return the queued jobs, the next one first."""
    rows = await pool.fetch("SELECT payload FROM pgqueuer ORDER BY priority DESC, id")
    return [UUID(bytes=row["payload"]) for row in rows]


async def wait(slots: ProviderSlots, pool: Pool, limited: Provider, job: QueuedJob) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await slots.wait(connection, limited, job)


async def end_entry(pool: Pool, holder: SlotHolder) -> None:
    """Remove an entry from the queue, as PgQueuer does when its handler has returned."""
    await pool.execute("DELETE FROM pgqueuer WHERE id = $1", holder.entry_id)


async def test_workers_share_the_slots(pool: Pool, worker: Worker) -> None:
    """Two workers share the slots of a provider, and a released slot is free again."""
    exe = provider(**TWO)
    one, other = worker(exe), worker(exe)
    holders = [await new_holder(pool) for _ in range(3)]
    assert await one.acquire(exe, holders[0])
    assert await other.acquire(exe, holders[1])
    assert not await one.acquire(exe, holders[2])
    assert not await other.acquire(exe, holders[2])
    await one.release(exe, holders[0])
    assert await other.acquire(exe, holders[2])


async def test_a_hundred_jobs_at_once(pool: Pool, worker: Worker) -> None:
    """Of a hundred jobs that ask at once, as many get a slot as there are slots."""
    exe = provider(**TWO)
    workers = [worker(exe) for _ in range(4)]
    holders = [await new_holder(pool) for _ in range(100)]
    taken = await asyncio.gather(*(workers[number % 4].acquire(exe, holder) for number, holder in enumerate(holders)))
    assert sum(taken) == 2


async def test_the_oldest_job_is_first(pool: Pool, worker: Worker) -> None:
    """A released slot goes to the oldest waiting job, whatever the order in which they came. No job overtakes it."""
    exe = provider(concurrency=1)
    slots = worker(exe)
    first = await new_holder(pool)
    older, newer = waiting_jobs(2)
    assert await slots.acquire(exe, first)
    for job in (newer, older):
        await wait(slots, pool, exe, job)
    assert await queued(pool) == [first.job_id]
    await slots.release(exe, first)
    assert await queued(pool) == [first.job_id, older.job_id]
    assert not await slots.acquire(exe, first)
    assert not await slots.acquire(exe, await new_holder(pool, newer.job_id))
    assert await slots.acquire(exe, await granted_holder(pool, older.job_id))


async def test_a_slot_released_during_a_refusal(pool: Pool, worker: Worker) -> None:
    """A refused job that begins to wait when a slot is free again is queued at once, before all others."""
    exe = provider(concurrency=1)
    slots = worker(exe)
    first, second = await new_holder(pool), await new_holder(pool)
    await slots.acquire(exe, first)
    assert not await slots.acquire(exe, second)
    for holder in (first, second):
        await end_entry(pool, holder)
    await slots.release(exe, first)
    async with pool.acquire() as connection, connection.transaction():
        await enqueue_jobs(connection, waiting_jobs(1))
    await wait(slots, pool, exe, QueuedJob("premium", second.job_id))
    assert (await queued(pool))[0] == second.job_id


async def test_slots_of_a_dead_worker(pool: Pool, worker: Worker) -> None:
    """A slot whose entry has no heartbeat goes to a waiting job. A slot whose entry has one stays."""
    exe = provider(**TWO)
    slots = worker(exe, lease_seconds=30)
    lost, kept = await new_holder(pool), await new_holder(pool)
    for holder in (lost, kept):
        await slots.acquire(exe, holder)
    (waiting,) = waiting_jobs(1)
    await wait(slots, pool, exe, waiting)
    age = "UPDATE pgqueuer SET heartbeat = now() - make_interval(secs => $2) WHERE id = $1"
    await pool.execute(age, lost.entry_id, 29)
    await slots.grant_lost()
    assert waiting.job_id not in await queued(pool)
    await pool.execute(age, lost.entry_id, 31)
    await slots.grant_lost()
    assert waiting.job_id in await queued(pool)
    holders = {row["job_id"] for row in await pool.fetch("SELECT job_id FROM provider_slots")}
    assert holders == {kept.job_id, waiting.job_id}


async def test_a_slot_that_could_not_be_released(pool: Pool, worker: Worker) -> None:
    """A slot whose release failed is lost when its entry leaves the queue."""
    exe = provider(concurrency=1)
    slots = worker(exe)
    holder = await new_holder(pool)
    await slots.acquire(exe, holder)
    await pool.execute("ALTER TABLE provider_slots RENAME TO away")
    await slots.release(exe, holder)
    await pool.execute("ALTER TABLE away RENAME TO provider_slots")
    assert not await slots.acquire(exe, await new_holder(pool))
    await end_entry(pool, holder)
    assert await slots.acquire(exe, await new_holder(pool))


async def test_a_late_attempt_releases_no_other(pool: Pool, worker: Worker) -> None:
    """A late attempt does not release the slot that a later attempt at its job uses."""
    exe = provider(concurrency=1)
    late_worker, other = worker(exe), worker(exe)
    late = await new_holder(pool)
    again = SlotHolder(late.job_id, late.queue, late.entry_id, uuid4())
    await late_worker.acquire(exe, late)
    assert await other.acquire(exe, again)
    await late_worker.release(exe, late)
    assert not await late_worker.acquire(exe, await new_holder(pool))


async def test_a_lifted_limit(pool: Pool, worker: Worker) -> None:
    """When a provider's file sets no limit any more, all waiting jobs are queued."""
    exe = provider(concurrency=1)
    slots = worker(exe)
    holder = await new_holder(pool)
    await slots.acquire(exe, holder)
    jobs = waiting_jobs(3)
    for job in jobs:
        await wait(slots, pool, exe, job)
    await worker(provider()).grant_lost()
    assert await queued(pool) == [holder.job_id, *(job.job_id for job in jobs)]


@pytest.mark.parametrize("name", ["NEXT_WAITING", "DELETE_LOST"])
async def test_a_long_line_costs_no_more(pool: Pool, name: str) -> None:
    """With thousands of waiting jobs, a slot is granted without reading all of them."""
    await pool.execute(
        "INSERT INTO provider_slots (provider, job_id, queue) SELECT 'exe', gen_random_uuid(), 'premium'"
        " FROM generate_series(1, 20000)"
    )
    await pool.execute("ANALYZE provider_slots")
    arguments = ("exe", 2) if name == "NEXT_WAITING" else ("exe", timedelta(seconds=1))
    plan = await pool.fetch(f"EXPLAIN {getattr(queries, name)}", *arguments)
    assert "Seq Scan on provider_slots" not in "\n".join(row[0] for row in plan)


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
def test_pacing_limits_the_slots(limits: dict[str, float], at_once: int | None) -> None:
    """A minimum interval bounds the slots, so that no link waits long for its next request."""
    assert provider(**limits).limits.at_once == at_once
