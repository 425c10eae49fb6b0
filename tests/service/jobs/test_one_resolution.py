"""Simultaneous jobs for one link cause one resolution; the others share its end, for nothing."""

import asyncio
from pathlib import Path
from uuid import uuid4

from support.service import Service, run_service
from support.workers import until_running, worker


async def attempts(service: Service, path: str) -> list[int]:
    """How often each job for the link was begun."""
    rows = await service.pool.fetch("SELECT attempt FROM jobs WHERE url LIKE '%' || $1 ORDER BY attempt", path)
    return [row["attempt"] for row in rows]


async def left_over(service: Service) -> int:
    count: int = await service.pool.fetchval(
        "SELECT (SELECT count(*) FROM flights) + (SELECT count(*) FROM passengers)"
    )
    return count


async def test_one_is_resolved_and_paid(database_url: str, tmp_path: Path) -> None:
    """Twenty jobs of three accounts over two services: one attempt, one charge, all done with the same target."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    secret = "s" * 32
    async with (
        run_service(database_url, tmp_path / "a", secret_key=secret) as first,
        run_service(database_url, tmp_path / "b", secret_key=secret) as second,
    ):
        callers = [await service.caller(credits=20) for service in (first, second, first)]
        path = f"slow.lab.test/1/{uuid4().hex}"
        turns = [callers[number % 3] for number in range(20)]
        answers = await asyncio.gather(*(caller.resolve(f"https://{path}") for caller in turns))
        pairs = zip(turns, answers, strict=True)
        jobs = await asyncio.gather(*(caller.finished(answer.body["job_id"]) for caller, answer in pairs))
        assert {job["status"] for job in jobs} == {"done"}
        assert len({job["target_url"] for job in jobs}) == 1
        assert sorted(job["credits_charged"] for job in jobs) == [0] * 19 + [1]
        assert await attempts(first, path) == [0] * 19 + [1]
        assert await first.pool.fetchval("SELECT sum(held) FROM accounts") == 0
        assert await left_over(first) == 0


async def test_a_failure_is_shared(service: Service) -> None:
    """Where the one resolution fails, all fail with its reason, and nobody pays."""
    caller = await service.caller()
    path = f"impatient.lab.test/20/{uuid4().hex}"
    answers = await asyncio.gather(*(caller.resolve(f"https://{path}") for _ in range(5)))
    jobs = await asyncio.gather(*(caller.finished(answer.body["job_id"]) for answer in answers))
    assert {(job["status"], job["reason"], job["credits_charged"]) for job in jobs} == {("failed", "timeout", 0)}
    assert await attempts(service, path) == [0, 0, 0, 0, 1]


async def test_the_leaders_worker_is_killed(database_url: str, tmp_path: Path) -> None:
    """Those who wait for a job whose worker was killed end with its second attempt."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        path = f"slow.lab.test/1/{uuid4().hex}"
        leader = (await caller.resolve(f"https://{path}")).body["job_id"]
        async with worker(service) as first:
            await until_running(service, leader)
            others = [(await caller.resolve(f"https://{path}")).body["job_id"] for _ in range(3)]
            async with asyncio.timeout(10):
                while await service.pool.fetchval("SELECT count(*) FROM passengers") < len(others):
                    await asyncio.sleep(0.01)
            first.kill()
            await first.wait()
        async with worker(service):
            jobs = await asyncio.gather(*(caller.finished(job_id) for job_id in (leader, *others)))
        assert [(job["status"], job["credits_charged"]) for job in jobs] == [("done", 1), *[("done", 0)] * 3]
        assert await left_over(service) == 0


async def test_a_later_job_finds_it_cached(service: Service) -> None:
    """A job that was queued before the link was known ends from the cache, for nothing."""
    caller = await service.caller(credits=5)
    url = f"https://slow.lab.test/1/{uuid4().hex}"
    first = asyncio.create_task(caller.resolve(url, wait=10))
    await asyncio.sleep(0.3)
    second = await caller.resolve(url, wait=10)
    assert (await first).body["credits_charged"] == 1
    assert (second.body["credits_charged"], second.body["balance"]) == (0, 4)


async def test_hundreds_that_share_a_resolution_are_all_told(service: Service) -> None:
    """However many jobs end together, whoever waits for one of them is told at once."""
    caller = await service.caller(credits=1000)
    link = f"https://slow.lab.test/2/{uuid4().hex}"
    answers = await asyncio.gather(*(caller.resolve(link) for _ in range(400)))
    async with asyncio.timeout(15):
        jobs = await asyncio.gather(*(caller.finished(answer.body["job_id"]) for answer in answers))
    assert {job["status"] for job in jobs} == {"done"}
