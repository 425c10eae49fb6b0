"""Simultaneous jobs for one link cause one resolution. The others share its end and cost nothing."""

import asyncio
from pathlib import Path
from uuid import uuid4

from support.service import Caller, Service, run_service
from support.workers import until_running, worker


async def attempts(service: Service, path: str) -> list[int]:
    """Return the number of attempts of each job for a link, in order."""
    rows = await service.pool.fetch("SELECT attempt FROM jobs WHERE url LIKE '%' || $1 ORDER BY attempt", path)
    return [row["attempt"] for row in rows]


async def submit(caller: Caller, url: str, count: int) -> list[str]:
    answers = await asyncio.gather(*(caller.resolve(url) for _ in range(count)))
    return [answer.body["job_id"] for answer in answers]


async def nothing_left(service: Service) -> bool:
    """Tell whether no job waits, no link is in flight and no credit is held."""
    counts = await service.pool.fetchrow(
        "SELECT (SELECT count(*) FROM jobs WHERE status IN ('queued', 'running')),"
        " (SELECT count(*) FROM inflight_links), (SELECT sum(held) FROM accounts)"
    )
    return set(counts or ()) == {0}


async def test_one_is_resolved_and_paid(database_url: str, tmp_path: Path) -> None:
    """Twenty jobs of three accounts over two services: one attempt, one charge, the same target for all."""
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
        assert await nothing_left(first)


async def test_followers_are_in_no_queue(database_url: str, tmp_path: Path) -> None:
    """Of many jobs for one link, only one is queued. All of them show its position."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        await caller.resolve(f"https://bulk.lab.test/{uuid4().hex}")
        url = f"https://bulk.lab.test/{uuid4().hex}"
        together = await asyncio.gather(*(caller.resolve(url) for _ in range(10)))
        later = await caller.resolve(url)
        assert {answer.body["queue_position"] for answer in [*together, later]} == {2}
        assert await service.pool.fetchval("SELECT count(*) FROM pgqueuer") == 2
        assert await service.pool.fetchval("SELECT count(DISTINCT leader_id) FROM jobs") == 1


async def test_a_failure_is_shared(service: Service) -> None:
    """If the one resolution fails, all jobs fail with its reason and cost nothing."""
    caller = await service.caller()
    path = f"impatient.lab.test/20/{uuid4().hex}"
    jobs = await asyncio.gather(*map(caller.finished, await submit(caller, f"https://{path}", 5)))
    assert {(job["status"], job["reason"], job["credits_charged"]) for job in jobs} == {("failed", "timeout", 0)}
    assert await attempts(service, path) == [0, 0, 0, 0, 1]


async def test_the_leaders_worker_is_killed(database_url: str, tmp_path: Path) -> None:
    """Followers of a job whose worker was killed end with its second attempt."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        url = f"https://slow.lab.test/1/{uuid4().hex}"
        (leader,) = await submit(caller, url, 1)
        async with worker(service) as first:
            await until_running(service, leader)
            followers = await submit(caller, url, 3)
            first.kill()
            await first.wait()
        async with worker(service):
            jobs = await asyncio.gather(*map(caller.finished, [leader, *followers]))
        assert [(job["status"], job["credits_charged"]) for job in jobs] == [("done", 1), *[("done", 0)] * 3]
        assert await service.pool.fetchval("SELECT attempt FROM jobs WHERE id = $1", leader) == 2
        assert await nothing_left(service)


async def test_the_leader_is_handed_back(database_url: str, tmp_path: Path) -> None:
    """Followers of a job whose worker was stopped end with the worker that takes it next."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        url = f"https://slow.lab.test/6/{uuid4().hex}"
        leader, *followers = await submit(caller, url, 4)
        async with worker(service, LINKSKIPPER_LEASE_SECONDS="60") as stopped:
            await until_running(service, leader)
            stopped.terminate()
            assert await stopped.wait() == 0
        followers += await submit(caller, url, 1)
        async with worker(service, LINKSKIPPER_LEASE_SECONDS="60"):
            jobs = await asyncio.gather(*map(caller.finished, [leader, *followers]))
        assert [(job["status"], job["credits_charged"]) for job in jobs] == [("done", 1), *[("done", 0)] * 4]
        assert await service.pool.fetchval("SELECT max(attempt) FROM jobs") == 1
        assert await nothing_left(service)


async def test_the_leader_waits_for_a_slot(database_url: str, tmp_path: Path) -> None:
    """A leader that waits for a provider slot keeps its followers, and new followers join it."""
    async with run_service(database_url, tmp_path) as service:
        caller = await service.caller()
        for _ in range(2):
            await until_running(service, (await submit(caller, f"https://crowded.lab.test/1500/{uuid4().hex}", 1))[0])
        url = f"https://crowded.lab.test/50/{uuid4().hex}"
        job_ids = await submit(caller, url, 3)
        async with asyncio.timeout(60):
            while not await service.pool.fetchval("SELECT count(*) FROM provider_slots WHERE entry_id IS NULL"):
                await asyncio.sleep(0.01)
        job_ids += await submit(caller, url, 2)
        jobs = await asyncio.gather(*map(caller.finished, job_ids))
        assert {job["status"] for job in jobs} == {"done"}
        assert sorted(job["credits_charged"] for job in jobs) == [0, 0, 0, 0, 1]


async def test_a_later_job_finds_it_cached(service: Service) -> None:
    """A job that is submitted while the link is resolved ends with it and costs nothing."""
    caller = await service.caller(credits=5)
    url = f"https://slow.lab.test/1/{uuid4().hex}"
    first = (await submit(caller, url, 1))[0]
    await until_running(service, first)
    second = await caller.resolve(url, wait=10)
    assert (await caller.finished(first))["credits_charged"] == 1
    assert (second.body["credits_charged"], second.body["balance"]) == (0, 4)


async def test_hundreds_that_share_a_resolution_are_all_told(service: Service) -> None:
    """All clients that wait for jobs which end together are answered at once."""
    caller = await service.caller(credits=1000)
    job_ids = await submit(caller, f"https://slow.lab.test/2/{uuid4().hex}", 400)
    async with asyncio.timeout(60):
        jobs = await asyncio.gather(*map(caller.finished, job_ids))
    assert {job["status"] for job in jobs} == {"done"}
