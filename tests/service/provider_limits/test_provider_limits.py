"""The limits in provider files hold over all worker processes; the lab fails every link that goes over them."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from support.service import Caller, Service, run_service
from support.workers import until_running, worker


async def submit(caller: Caller, url: str, count: int) -> list[str]:
    """Submit so many links, and give their jobs."""
    answers = [await caller.resolve(f"{url}/{uuid4().hex}") for _ in range(count)]
    return [answer.body["job_id"] for answer in answers]


async def ended(caller: Caller, jobs: Sequence[str]) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*(caller.finished(job) for job in jobs)))


def reasons(jobs: Sequence[dict[str, Any]]) -> list[str | None]:
    return [job.get("reason") for job in jobs]


async def order_of_ends(service: Service) -> list[str]:
    return [str(row["id"]) for row in await service.pool.fetch("SELECT id FROM jobs ORDER BY finished_at")]


async def test_two_processes_at_once(database_url: str, tmp_path: Path) -> None:
    """Thirty links over two processes, never three at once; each is one attempt, and they go in order."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        async with worker(service), worker(service):
            jobs = await submit(caller, "https://crowded.lab.test/60", 30)
            assert reasons(await ended(caller, jobs)) == [None] * 30
        assert await service.pool.fetchval("SELECT max(attempt) FROM jobs") == 1
        places = {job: place for place, job in enumerate(await order_of_ends(service))}
        assert max(abs(place - places[job]) for place, job in enumerate(jobs)) <= 4
        assert await service.pool.fetchval("SELECT count(*) FROM provider_places") == 0


async def test_two_processes_apart(database_url: str, tmp_path: Path) -> None:
    """Links of two requests each, over two processes: the shortener sees every request well after the one before."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        async with worker(service), worker(service):
            began = time.monotonic()
            jobs = await submit(caller, "https://paced.lab.test/two", 8)
            assert reasons(await ended(caller, jobs)) == [None] * 8
            assert time.monotonic() - began > 0.2 * 15 * 0.9


async def test_the_full_do_not_hold_up_others(database_url: str, tmp_path: Path) -> None:
    """Hundreds of links wait for a provider that takes two; links of others pass as if there were none."""
    async with run_service(database_url, tmp_path, tiers=(), standard_concurrency=20) as service:
        caller = await service.caller(credits=1000)
        crowd = await submit(caller, "https://crowded.lab.test/2000", 100)
        async with worker(service, LINKSKIPPER_STANDARD_CONCURRENCY="20"):
            await until_running(service, crowd[0])
            began = time.monotonic()
            others = await submit(caller, "https://bulk.lab.test", 10)
            assert reasons(await ended(caller, others)) == [None] * 10
            assert time.monotonic() - began < 5
            running = "SELECT count(*) FROM jobs WHERE status = 'running'"
            async with asyncio.timeout(3):  # those that are just finding out that it is full look so for a moment
                while await service.pool.fetchval(running) > 2:
                    await asyncio.sleep(0.01)
            assert await service.pool.fetchval("SELECT max(attempt) FROM jobs WHERE status = 'queued'") == 0


async def test_places_of_a_killed_worker(database_url: str, tmp_path: Path) -> None:
    """A worker is killed with both places taken: they are free again within its lease, and all links end."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        async with worker(service) as killed:
            held = await submit(caller, "https://crowded.lab.test/3000", 2)
            for job in held:
                await until_running(service, job)
            killed.kill()
            await killed.wait()
        await asyncio.sleep(0.1)  # the lab notices that its visitors have hung up
        waiting = await submit(caller, "https://crowded.lab.test/50", 4)
        async with worker(service):
            assert reasons(await ended(caller, [*held, *waiting])) == [None] * 6


async def test_stopped_amid_a_place(database_url: str, tmp_path: Path) -> None:
    """A worker that is told to stop gives its places up, with the jobs that it hands back."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        async with worker(service, LINKSKIPPER_LEASE_SECONDS="60") as stopped:
            (job,) = await submit(caller, "https://crowded.lab.test/9000", 1)
            await until_running(service, job)
            stopped.terminate()
            assert await stopped.wait() == 0
        assert await service.pool.fetchval("SELECT count(*) FROM provider_places") == 0


async def test_a_chain_into_a_full_provider(database_url: str, tmp_path: Path) -> None:
    """A link that another shortener passes on to a full one waits for its place too, and ends well."""
    providers = tmp_path / "providers"
    providers.mkdir()
    (providers / "into.toml").write_text(
        'id = "into"\nlabel = "I"\nhosts = ["into.test"]\ntier = "standard"\n'
        '[[steps]]\nuse = "from_query"\nparam = "u"\n'
    )
    async with run_service(database_url, tmp_path, providers_dir=providers) as service:
        caller = await service.caller()
        urls = [f"https://into.test/a?u=https://crowded.lab.test/100/{number}" for number in range(12)]
        answers = await asyncio.gather(*(caller.resolve(url) for url in urls))
        jobs = await ended(caller, [answer.body["job_id"] for answer in answers])
        assert reasons(jobs) == [None] * 12
        assert {job["attempt"] for job in await service.pool.fetch("SELECT attempt FROM jobs")} == {1}
