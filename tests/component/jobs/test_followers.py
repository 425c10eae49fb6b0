"""Followers share the end of their leader, whatever happens to it, and none is ever left behind."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from linkskipper.database import Pool
from linkskipper.errors import ApiError, OutOfCredits
from linkskipper.jobs import JobCompleter, JobReader, JobStatus, prune_jobs
from linkskipper.link_cache import LinkCache
from linkskipper.traces import Tracer, job_context
from linkskipper.usage import UsageCounter
from support.jobs import FAILED, JobDesk, job_desk
from support.service import fresh_link

WRITERS = 4
TURNS = 100


async def leader_of(pool: Pool, job_id: UUID) -> UUID | None:
    leader_id: UUID | None = await pool.fetchval("SELECT leader_id FROM jobs WHERE id = $1", job_id)
    return leader_id


async def queued(pool: Pool) -> list[UUID]:
    rows = await pool.fetch("SELECT payload FROM pgqueuer ORDER BY id")
    return [UUID(bytes=row["payload"]) for row in rows]


async def test_a_follower_ends_with_its_leader_for_nothing(pool: Pool) -> None:
    """A follower of another account gets the leader's target, pays nothing, and its hold is released."""
    desk = JobDesk(pool)
    first, second = await desk.account(credits=5), await desk.account(credits=5)
    link = fresh_link()
    leader, follower = await desk.submit(first, link), await desk.submit(second, link)
    assert await queued(pool) == [leader]
    assert await leader_of(pool, follower) == leader
    await desk.resolve(leader)
    state = await JobReader(pool).read(second.key_id, follower)
    assert state is not None
    assert (state.status, state.target_url, state.credits_charged, state.balance) == (
        JobStatus.DONE,
        "https://example.com/",
        0,
        5,
    )
    accounts = await pool.fetch("SELECT balance, held FROM accounts ORDER BY id")
    assert [tuple(row) for row in accounts] == [(4, 0), (5, 0)]


async def test_a_follower_is_never_started(pool: Pool) -> None:
    """A worker that finds a follower in the queue, as after an upgrade, leaves it to its leader."""
    desk = JobDesk(pool)
    account = await desk.account()
    link = fresh_link()
    await desk.submit(account, link)
    assert await desk.start(await desk.submit(account, link)) is None


async def test_a_job_leads_once_the_last_leader_has_ended(pool: Pool) -> None:
    """A job that comes after a failed end is a resolution of its own."""
    desk = JobDesk(pool)
    account = await desk.account()
    link = fresh_link()
    await desk.resolve(await desk.submit(account, link), **FAILED)
    second = await desk.submit(account, link)
    assert await leader_of(pool, second) is None
    await desk.resolve(second)


async def test_each_end_is_counted_with_its_reason(pool: Pool) -> None:
    """Metrics and traces count a follower as its leader, with the reason."""
    desk, day, tracer = JobDesk(pool), timedelta(days=1), Tracer()
    cache = LinkCache(pool, keep_resolved=day, keep_removed=day)
    desk.completer = JobCompleter(pool, cache, UsageCounter(), tracer)
    account = await desk.account()
    for fields, labels in ((FAILED, {"status": "failed", "reason": "timeout"}), ({}, {"status": "done", "reason": ""})):
        link = fresh_link()
        leader, follower = await desk.submit(account, link), await desk.submit(account, link)
        before = REGISTRY.get_sample_value("linkskipper_jobs_ended_total", labels) or 0
        await desk.resolve(leader, **fields)
        assert REGISTRY.get_sample_value("linkskipper_jobs_ended_total", labels) == before + 2
        spans = {span.context: span.error for span in tracer.take()}
        assert spans == dict.fromkeys(map(job_context, (leader, follower)), labels["reason"] or None)


async def test_a_lost_attempt_does_not_end_followers(pool: Pool) -> None:
    """Neither the leader nor its followers end by an attempt that no longer counts."""
    desk = JobDesk(pool)
    account = await desk.account()
    link = fresh_link()
    leader, follower = await desk.submit(account, link), await desk.submit(account, link)
    lost, current = await desk.start(leader), await desk.start(leader)
    assert lost is not None
    assert current is not None
    assert await desk.complete(lost) is False
    assert await desk.statuses(leader, follower) == ["running", "queued"]
    later = await desk.submit(account, link)
    assert await desk.complete(current) is True
    assert await desk.statuses(leader, follower, later) == ["done"] * 3


async def test_a_refused_request_leads_nobody(pool: Pool) -> None:
    """Where an account without credits comes first, the next one leads, also if both come in one transaction."""
    desk = JobDesk(pool)
    poor, rich = await desk.account(credits=0), await desk.account()
    link = fresh_link()
    alone = desk.submit(rich, fresh_link())  # while its transaction runs, the others gather for the next one
    together = [desk.submit(account, link) for account in (poor, rich, poor, rich)]
    _, *answers = await asyncio.gather(alone, *together, return_exceptions=True)
    assert [isinstance(answer, OutOfCredits) for answer in answers] == [True, False, True, False]
    leader, follower = answers[1], answers[3]
    assert isinstance(leader, UUID)
    assert isinstance(follower, UUID)
    assert (await leader_of(pool, leader), await leader_of(pool, follower)) == (None, leader)
    await desk.resolve(leader)
    assert await desk.statuses(leader, follower) == ["done", "done"]
    assert await pool.fetchval("SELECT count(*) FROM inflight_links") == 1


async def test_a_refused_follower_leaves_its_leader_alone(pool: Pool) -> None:
    """A request that is refused while another job leads its link changes nothing for that job."""
    desk = JobDesk(pool)
    poor, rich = await desk.account(credits=0), await desk.account()
    link = fresh_link()
    leader = await desk.submit(rich, link)
    with pytest.raises(ApiError):
        await desk.submit(poor, link)
    follower = await desk.submit(rich, link)
    assert await leader_of(pool, follower) == leader
    await desk.resolve(leader)
    assert await desk.statuses(leader, follower) == ["done", "done"]


async def test_a_raised_price_is_the_leaders_alone(pool: Pool) -> None:
    """A link that turns out to cost more is charged to its leader, and followers still pay nothing."""
    desk = JobDesk(pool)
    first, second = await desk.account(credits=5), await desk.account(credits=2)
    link = fresh_link()
    leader, follower = await desk.submit(first, link), await desk.submit(second, link)
    started = await desk.start(leader)
    assert started is not None
    await desk.completer.raise_hold(started.result(price=2), first.id, held=1)
    late = await desk.submit(second, link)
    assert await desk.complete(started, price=2)
    assert await desk.statuses(leader, follower, late) == ["done"] * 3
    rows = await pool.fetch("SELECT balance, held FROM accounts ORDER BY id")
    assert [tuple(row) for row in rows] == [(3, 0), (2, 0)]


async def test_retention_keeps_leaders_and_followers_under_way(pool: Pool) -> None:
    """Retention keeps jobs under way whatever their age, and a deleted leader takes no follower with it."""
    desk = JobDesk(pool)
    account = await desk.account()
    link = fresh_link()
    leader, follower = await desk.submit(account, link), await desk.submit(account, link)
    async with pool.acquire() as connection:
        assert await prune_jobs(connection, timedelta(days=-1), batch=10) == 0
    await desk.resolve(leader)
    await pool.execute("DELETE FROM jobs WHERE id = $1", leader)
    state = await JobReader(pool).read(account.key_id, follower)
    assert state is not None
    assert state.status is JobStatus.DONE
    async with pool.acquire() as connection:
        assert await prune_jobs(connection, timedelta(days=-1), batch=10) == 1


async def test_no_follower_is_lost_between(database_url: str) -> None:
    """Four processes submit one link again and again while each leader ends at once: every job ends."""
    async with AsyncExitStack() as stack:
        desks = [await stack.enter_async_context(job_desk(database_url)) for _ in range(WRITERS)]
        accounts = [await desks[0].account(credits=1000) for _ in range(2)]
        links = [fresh_link() for _ in range(3)]
        submitting = True

        async def submit(desk: JobDesk, number: int) -> None:
            for turn in range(TURNS):
                # Each process names links and accounts in another order, so that locks taken in it would deadlock.
                numbers = [(turn + number) % 3, (turn + 2 * number) % 3, turn % 3]
                await asyncio.gather(*(desk.submit(accounts[index % 2], links[index]) for index in numbers))

        async def complete(desk: JobDesk) -> None:
            while submitting or await desk.pool.fetchval("SELECT count(*) FROM inflight_links"):
                rows = await desk.pool.fetch("SELECT job_id FROM inflight_links")
                started = [await desk.start(row["job_id"]) for row in rows]
                await asyncio.gather(*(desk.complete(attempt, **FAILED) for attempt in started if attempt is not None))

        completing = [asyncio.create_task(complete(desk)) for desk in desks[:2]]
        await asyncio.gather(*(submit(desk, number) for number, desk in enumerate(desks)))
        submitting = False
        await asyncio.gather(*completing)
        statuses = await desks[0].pool.fetch("SELECT status, count(*) AS jobs FROM jobs GROUP BY status")
        assert {row["status"]: row["jobs"] for row in statuses} == {"failed": WRITERS * TURNS * 3}
        assert await desks[0].pool.fetchval("SELECT sum(held) FROM accounts") == 0
