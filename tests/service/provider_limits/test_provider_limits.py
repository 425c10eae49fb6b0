"""The limits in provider files hold over all worker processes. The lab fails every link that exceeds them."""

import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any
from uuid import uuid4

from support.service import Caller, Service, run_service
from support.workers import until_running, worker


async def submit(caller: Caller, url: str, count: int) -> list[str]:
    """Submit a number of links and return the ids of their jobs."""
    answers = [await caller.resolve(f"{url}/{uuid4().hex}") for _ in range(count)]
    return [answer.body["job_id"] for answer in answers]


async def ended(caller: Caller, jobs: Sequence[str]) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*(caller.finished(job) for job in jobs)))


def reasons(jobs: Sequence[dict[str, Any]]) -> list[str | None]:
    return [job.get("reason") for job in jobs]


async def order_of_ends(service: Service) -> list[str]:
    return [str(row["id"]) for row in await service.pool.fetch("SELECT id FROM jobs ORDER BY finished_at")]


async def test_slots_of_two_processes(database_url: str, tmp_path: Path) -> None:
    """Of thirty links in two processes, never three run at once. Each takes one attempt, in order."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        async with worker(service), worker(service):
            jobs = await submit(caller, "https://crowded.lab.test/60", 30)
            assert reasons(await ended(caller, jobs)) == [None] * 30
        assert await service.pool.fetchval("SELECT max(attempt) FROM jobs") == 1
        positions = {job: position for position, job in enumerate(await order_of_ends(service))}
        # One slow job moves itself far, and each of the others by one. Jobs in any order are 10 places off.
        assert mean(abs(position - positions[job]) for position, job in enumerate(jobs)) <= 3
        assert await service.pool.fetchval("SELECT count(*) FROM provider_slots") == 0


async def test_pacing_of_two_processes(database_url: str, tmp_path: Path) -> None:
    """The requests of two processes are the minimum interval apart."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        providers = shutil.copytree(service.lab.providers_dir, tmp_path / "paced")
        file = providers / "lab-paced.toml"
        # The lab refuses what comes within 0.1 s. A connection may take half a second longer than another one.
        file.write_text(file.read_text().replace("min_interval = 0.2", "min_interval = 0.6"))
        slower = {"LINKSKIPPER_PROVIDERS_DIR": str(providers)}
        async with worker(service, **slower), worker(service, **slower):
            began = time.monotonic()
            jobs = await submit(caller, "https://paced.lab.test/two", 4)
            assert reasons(await ended(caller, jobs)) == [None] * 4
            assert time.monotonic() - began > 0.6 * 7 * 0.9


async def test_a_provider_at_capacity_delays_no_other(database_url: str, tmp_path: Path) -> None:
    """While a hundred links wait for a provider with two slots, links of other providers are resolved."""
    async with run_service(database_url, tmp_path, tiers=(), standard_concurrency=20) as service:
        caller = await service.caller(credits=1000)
        crowd = await submit(caller, "https://crowded.lab.test/2000", 100)
        async with worker(service, LINKSKIPPER_STANDARD_CONCURRENCY="20"):
            await until_running(service, crowd[0])
            others = await submit(caller, "https://bulk.lab.test", 10)
            assert reasons(await ended(caller, others)) == [None] * 10
            assert await service.pool.fetchval("SELECT count(*) FROM jobs WHERE status <> 'done'") > 80
            running = "SELECT count(*) FROM jobs WHERE status = 'running'"
            async with asyncio.timeout(60):  # a job runs for a moment until it finds no slot
                while await service.pool.fetchval(running) > 2:
                    await asyncio.sleep(0.01)
            assert await service.pool.fetchval("SELECT max(attempt) FROM jobs WHERE status = 'queued'") == 0


async def test_slots_of_a_killed_worker(database_url: str, tmp_path: Path) -> None:
    """A worker is killed while it holds both slots: they are free within its lease, and all links are resolved."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        async with worker(service) as killed:
            held = await submit(caller, "https://crowded.lab.test/3000", 2)
            for job in held:
                await until_running(service, job)
            killed.kill()
            await killed.wait()
        await asyncio.sleep(0.1)  # the lab notices that the connections are closed
        waiting = await submit(caller, "https://crowded.lab.test/50", 4)
        async with worker(service):
            assert reasons(await ended(caller, [*held, *waiting])) == [None] * 6


async def test_slots_of_a_stopped_worker(database_url: str, tmp_path: Path) -> None:
    """A worker that stops releases its slots, with the jobs that it hands back."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        async with worker(service, LINKSKIPPER_LEASE_SECONDS="60") as stopped:
            (job,) = await submit(caller, "https://crowded.lab.test/9000", 1)
            await until_running(service, job)
            stopped.terminate()
            assert await stopped.wait() == 0
        assert await service.pool.fetchval("SELECT count(*) FROM provider_slots") == 0


async def test_a_chain_to_a_provider_at_capacity(database_url: str, tmp_path: Path) -> None:
    """A link that leads to a provider without a free slot waits for a slot, and is resolved."""
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
