"""Nothing is lost when workers die, hang or are stopped, or when the database goes away."""

import asyncio
import signal
from pathlib import Path
from typing import Any
from uuid import uuid4

from support.service import Answer, Caller, Service, fresh_link, run_service
from support.workers import until_running, worker


async def books(service: Service, account_id: int) -> dict[str, Any]:
    row = await service.pool.fetchrow(
        "SELECT balance, held, (SELECT count(*) FROM ledger WHERE kind = 'charge') AS charges"
        " FROM accounts WHERE id = $1",
        account_id,
    )
    return dict(row or {})


async def drop_connections(service: Service) -> None:
    await service.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


async def resolve_anew(caller: Caller) -> Answer:
    """Resolve a fresh link. Repeat the call while the database is away."""
    while (answer := await caller.resolve(fresh_link(), wait=10)).status == 503:
        await asyncio.sleep(0.05)
    return answer


async def test_killed_worker_loses_nothing(server_url: str, database_url: str, tmp_path: Path) -> None:
    """The job of a killed worker is taken by another when its lease ends. It ends once and is charged once."""
    del server_url
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller(credits=5)
        job_id = (await caller.resolve(f"https://slow.lab.test/1/{uuid4().hex}")).body["job_id"]
        async with worker(service) as first:
            await until_running(service, job_id)
            first.kill()
            await first.wait()
        assert (await caller.get(f"/v1/jobs/{job_id}")).body["status"] == "running"
        async with worker(service):
            job = await caller.finished(job_id)
        assert (job["status"], job["credits_charged"]) == ("done", 1)
        assert await books(service, caller.account_id) == {"balance": 4, "held": 0, "charges": 1}
        assert await service.pool.fetchval("SELECT attempt FROM jobs") == 2


async def test_hanging_worker_is_superseded(server_url: str, database_url: str, tmp_path: Path) -> None:
    """A worker that hangs past its lease and wakes up after another did its job changes nothing."""
    del server_url
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller(credits=5)
        job_id = (await caller.resolve(f"https://slow.lab.test/1/{uuid4().hex}")).body["job_id"]
        async with worker(service) as hanging:
            await until_running(service, job_id)
            hanging.send_signal(signal.SIGSTOP)
            async with worker(service):
                assert (await caller.finished(job_id))["status"] == "done"
                hanging.send_signal(signal.SIGCONT)
                again = await caller.resolve(fresh_link(), wait=10)
                assert again.status == 200
                hanging.terminate()
                assert await hanging.wait() == 0
        assert await books(service, caller.account_id) == {"balance": 3, "held": 0, "charges": 2}


async def test_stopped_worker_hands_its_jobs_back(server_url: str, database_url: str, tmp_path: Path) -> None:
    """A worker that must stop ends within seconds and returns its jobs. That does not count as an attempt."""
    del server_url
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller(credits=5)
        job_id = (await caller.resolve(f"https://slow.lab.test/30/{uuid4().hex}")).body["job_id"]
        async with worker(service, LINKSKIPPER_LEASE_SECONDS="60") as stopped:
            await until_running(service, job_id)
            stopped.terminate()
            async with asyncio.timeout(25):  # before the link's 30 s
                assert await stopped.wait() == 0
        row = await service.pool.fetchrow("SELECT status, attempt, lease FROM jobs")
        assert dict(row or {}) == {"status": "queued", "attempt": 0, "lease": None}
        async with worker(service, LINKSKIPPER_LEASE_SECONDS="60"):
            await until_running(service, job_id)


async def test_a_job_that_kills_its_workers_is_given_up(server_url: str, database_url: str, tmp_path: Path) -> None:
    """After too many lost attempts a job fails free of charge and is given to no other worker."""
    del server_url
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller(credits=5)
        job_id = (await caller.resolve(fresh_link())).body["job_id"]
        await service.pool.execute("UPDATE jobs SET attempt = 5")
        async with worker(service):
            job = await caller.finished(job_id)
        assert (job["status"], job["reason"], job["balance"]) == ("failed", "attempts_exhausted", 5)


async def test_lost_connections_are_made_again(server_url: str, database_url: str, tmp_path: Path) -> None:
    """When the database drops all connections, jobs under way and later ones still end, once."""
    del server_url
    async with run_service(database_url, tmp_path, lease_seconds=2) as service:
        caller = await service.caller(credits=5)
        under_way = (await caller.resolve(f"https://slow.lab.test/1/{uuid4().hex}")).body["job_id"]
        await until_running(service, under_way)
        await drop_connections(service)
        assert (await caller.finished(under_way))["status"] == "done"
        assert (await resolve_anew(caller)).status == 200
        assert await books(service, caller.account_id) == {"balance": 3, "held": 0, "charges": 2}


async def test_idle_workers_notice_a_lost_connection_at_once(database_url: str, tmp_path: Path) -> None:
    """When the database drops the connections of idle workers, the next link does not wait for their lease."""
    async with run_service(database_url, tmp_path, lease_seconds=60) as service:
        caller = await service.caller()
        assert (await caller.resolve(fresh_link(), wait=10)).status == 200
        await drop_connections(service)
        assert (await resolve_anew(caller)).status == 200


async def test_failures_that_nobody_foresaw_are_waited_out(database_url: str, tmp_path: Path) -> None:
    """Workers and waiting clients recover from tables that fail every statement for a while (here renamed)."""
    async with run_service(database_url, tmp_path, lease_seconds=1) as service:
        caller = await service.caller()
        assert (await caller.resolve(fresh_link(), wait=10)).status == 200
        for change in ("pgqueuer RENAME TO gone", "gone RENAME TO pgqueuer"):
            await service.pool.execute(f"ALTER TABLE {change}")
            await asyncio.sleep(3)  # the worker looks at its queue once a lease, and begins again after a second
        assert (await caller.resolve(fresh_link(), wait=10)).status == 200


async def test_slow_links_do_not_hold_up_quick_ones(service: Service) -> None:
    """A standard link is resolved at once while slow links fill the premium workers."""
    slow = await service.caller(credits=1000)
    quick = await service.caller()
    links = [f"https://premium.lab.test/3/{uuid4().hex}" for _ in range(120)]
    answers = await asyncio.gather(*(slow.resolve(link) for link in links))
    assert (await quick.resolve(fresh_link(), wait=10)).status == 200
    unfinished = "SELECT count(*) FROM jobs WHERE account_id = $1 AND status IN ('queued', 'running')"
    assert await service.pool.fetchval(unfinished, slow.account_id)
    states = await asyncio.gather(*(slow.finished(answer.body["job_id"]) for answer in answers))
    assert {state["status"] for state in states} == {"done"}
