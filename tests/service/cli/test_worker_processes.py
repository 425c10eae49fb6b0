"""The worker processes of `linkskipper serve`: killed, frozen, starved of their parent, and what they know."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import psutil
import pytest

from support.processes import COMMAND, GUARD_SECONDS, Serving, environment, run, serving

JOBS = int(os.environ.get("LINKSKIPPER_TEST_JOBS", "200"))
LEASE_SECONDS = "2"
SECRET = "a-secret-of-many-random-characters-0123456789"


class Client:
    """A client of a running service, and a view into its database."""

    def __init__(self, session: aiohttp.ClientSession, database: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.session = session
        self.database = database

    async def submit(self, links: Sequence[str]) -> None:
        """Submit links, some at a time."""
        waiting = iter(links)

        async def work() -> None:
            for link in waiting:
                async with self.session.post("/v1/resolve", json={"url": link}) as response:
                    assert response.status == 202, await response.text()

        await asyncio.gather(*(work() for _ in range(20)))

    async def until(self, condition: str) -> None:
        """Wait until a condition on the jobs holds."""
        async with asyncio.timeout(GUARD_SECONDS):
            while not await self.database.fetchval(f"SELECT {condition} FROM jobs"):
                await asyncio.sleep(0.05)

    async def metric(self, name: str) -> float:
        """Return the sum of a metric's samples."""
        async with self.session.get("/metrics") as response:
            text = await response.text()
        return sum(float(value) for value in re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE))

    async def until_ended(self, count: int) -> None:
        """Wait until the metrics count these ends of jobs. They do so a moment after the database has them."""
        async with asyncio.timeout(GUARD_SECONDS):
            while await self.metric("linkskipper_jobs_ended_total") < count:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def client_of(service: Serving, data_dir: Path) -> AsyncIterator[Client]:
    """Provide a client without a limit per minute."""
    database = await asyncpg.connect(f"postgresql://postgres@/postgres?host={data_dir}/postgres")
    await database.execute("UPDATE api_keys SET rate_limit = 1000000")
    headers = {"Authorization": f"Bearer {service.key}"}
    async with aiohttp.ClientSession(service.address, headers=headers) as session:
        yield Client(session, database)
    await database.close()


def workers_of(pid: int) -> list[psutil.Process]:
    """Return the worker processes of a `serve`."""
    found = []
    for child in psutil.Process(pid).children():
        with suppress(psutil.Error):
            if any("worker_process" in word for word in child.cmdline()):
                found.append(child)
    return found


async def until_others(pid: int, gone: psutil.Process, count: int) -> None:
    """Wait until a worker process is gone and `count` others run."""
    async with asyncio.timeout(GUARD_SECONDS):
        while gone in (workers := workers_of(pid)) or len(workers) < count:
            await asyncio.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("attack", [signal.SIGKILL, signal.SIGSTOP])
async def test_nothing_is_lost_or_charged_twice(data_dir: Path, attack: signal.Signals) -> None:
    """A worker that is killed or frozen in the middle of many jobs is replaced, and each job is done and paid once."""
    settings = {"LINKSKIPPER_LEASE_SECONDS": LEASE_SECONDS, "LINKSKIPPER_NEW_ACCOUNT_CREDITS": "1000000"}
    async with (
        serving(data_dir, "--workers", "2", **settings) as service,
        client_of(service, data_dir) as client,
    ):
        hosts = ("https://bulk.lab.test", "http://bulk.lab.test", "https://slow.lab.test/1")
        submitting = asyncio.create_task(
            client.submit([f"{hosts[number % len(hosts)]}/crash{number}" for number in range(JOBS)])
        )
        await client.until("count(*) FILTER (WHERE status = 'running') > 10")
        victim = workers_of(service.process.pid)[0]
        victim.send_signal(attack)
        await until_others(service.process.pid, victim, 2)
        await submitting
        await client.until(f"count(*) FILTER (WHERE status = 'done') = {JOBS}")
        paid = await client.database.fetchrow(
            "SELECT count(*) AS entries, count(DISTINCT job_id) AS jobs, -sum(amount) AS amount"
            " FROM ledger WHERE kind = 'charge'"
        )
        assert paid is not None
        assert dict(paid) == {"entries": JOBS, "jobs": JOBS, "amount": JOBS}
        assert await client.database.fetchval("SELECT held FROM accounts") == 0
        assert await client.database.fetchval("SELECT count(*) FROM inflight_links") == 0
        assert await client.metric("linkskipper_workers_restarted_total") == 1


async def test_secrets_stay_out_of_arguments_and_environments(data_dir: Path) -> None:
    """Workers get the service's secret, and nobody sees it or another secret among their arguments and variables."""
    secrets = {"LINKSKIPPER_SECRET_KEY": SECRET, "OTHER_SECRET": SECRET}
    async with serving(data_dir, "--workers", "1", **secrets) as service, client_of(service, data_dir) as client:
        (worker,) = workers_of(service.process.pid)
        assert SECRET not in " ".join(worker.cmdline())
        assert SECRET not in worker.environ().values()
        assert not [name for name in worker.environ() if name.startswith("LINKSKIPPER_")]
        async with client.session.post(
            "/v1/resolve", params={"wait": "20"}, json={"url": "https://bulk.lab.test/secret"}
        ) as response:
            assert response.status == 200


async def test_health_and_metrics_tell_about_workers(data_dir: Path) -> None:
    """The API's metrics count what workers do, and the number of workers. It is not ready while none of them is."""
    async with serving(data_dir, "--workers", "1") as service, client_of(service, data_dir) as client:
        (worker,) = workers_of(service.process.pid)
        assert await client.metric("linkskipper_worker_processes") == 1
        await client.submit([f"https://bulk.lab.test/count{number}" for number in range(5)])
        await client.until("count(*) FILTER (WHERE status = 'done') = 5")
        await client.until_ended(5)
        assert await client.metric("linkskipper_jobs_ended_total") == 5
        worker.kill()
        statuses = list[int]()
        async with asyncio.timeout(GUARD_SECONDS):
            while statuses[-2:] != [503, 200]:
                async with client.session.get("/readyz") as response:
                    statuses += [response.status] if statuses[-1:] != [response.status] else []
        assert await client.metric("linkskipper_jobs_ended_total") == 5


async def test_one_process(data_dir: Path) -> None:
    """--workers 0 works in the process of the API."""
    async with serving(data_dir, "--workers", "0") as service, client_of(service, data_dir) as client:
        assert workers_of(service.process.pid) == []
        await client.submit(["https://bulk.lab.test/one"])
        await client.until("count(*) FILTER (WHERE status = 'done') = 1")
        await client.until_ended(1)
        assert await client.metric("linkskipper_jobs_ended_total") == 1
        assert await client.metric("linkskipper_worker_processes") == 0


async def test_workers_end_with_serve(data_dir: Path) -> None:
    """Workers end when serve is killed: they return their jobs to the queue and do not stay behind."""
    async with serving(data_dir, "--workers", "2") as service:
        workers = workers_of(service.process.pid)
        service.process.kill()
        await service.process.wait()
        _, alive = await asyncio.to_thread(psutil.wait_procs, workers, timeout=GUARD_SECONDS)
        assert alive == []
    assert (await run("db", "status", data_dir=data_dir)).code == 0  # it stops the PostgreSQL that was left behind


async def test_workers_that_cannot_start(data_dir: Path) -> None:
    """A worker that cannot start ends serve with its error, once for all workers."""
    ended = await run(
        *("serve", "--port", "0", "--workers", "2"), data_dir=data_dir, LINKSKIPPER_BROWSER=str(data_dir / "none")
    )
    assert (ended.code, ended.out) == (1, "")
    assert "LINKSKIPPER_BROWSER" in ended.error
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


async def test_logs_name_the_process(data_dir: Path) -> None:
    """Each log line says which process wrote it."""
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "serve", "--port", "0", "--workers", "1"),
        env=environment(data_dir, LINKSKIPPER_LOG_JSON="true"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(GUARD_SECONDS):
        await process.stdout.readuntil(b"poll_url")
        (worker,) = workers_of(process.pid)
        worker.kill()
        await until_others(process.pid, worker, 1)
        process.terminate()
        _, errors = await process.communicate()
    lines: list[dict[str, Any]] = [json.loads(line) for line in errors.decode().splitlines()]
    assert {line["process"] for line in lines} <= {"api", "worker 1"}
    ended = [line for line in lines if line["event"] == "workers.process_ended"]
    assert [(line["process"], line["worker"], line["code"]) for line in ended] == [("api", "worker 1", -9)]
