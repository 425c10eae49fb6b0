"""`linkskipper serve` as an operator runs it: its start, its end, and the traces that it leaves."""

import asyncio
import json
import signal
import socket
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from support.processes import GUARD_SECONDS, run, serving

SLOW_SECONDS = 50


async def test_first_link_and_second_start(data_dir: Path) -> None:
    """The first start prints a key and a request that works. The second start keeps the data and shows no key."""
    async with serving(data_dir) as service:
        key = service.key
        assert key.startswith("sk_live_")
        assert (await service.post())[0] == 202
        accounts = await run("accounts", "list", "--json", data_dir=data_dir)
        assert (accounts.code, accounts.err, json.loads(accounts.out)[0]["name"]) == (0, "", "default")
    assert not (data_dir / "postgres" / "postmaster.pid").exists()
    async with serving(data_dir) as service:
        assert key not in service.output
        status, body = await service.post(key)
        assert (status, body["cached"]) == (200, True)


async def test_welcome(data_dir: Path) -> None:
    """The welcome names the start page and the API reference, both of which answer."""
    async with serving(data_dir) as service, aiohttp.ClientSession() as session:
        start_page = service.printed(r"runs at (http://\S+/) ")
        for url in (start_page, service.printed(r"reference is at (http://\S+/docs)\.")):
            async with session.get(url) as response:
                assert response.status < 500


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_stop_signals(data_dir: Path, stop: signal.Signals) -> None:
    """Each signal ends serve with exit code 0, and PostgreSQL too, without waiting for a running job."""
    async with serving(data_dir) as service:
        headers = {"Authorization": f"Bearer {service.key}"}
        async with aiohttp.ClientSession(service.address, headers=headers) as session:
            body = {"url": f"https://slow.lab.test/{SLOW_SECONDS}/x"}
            waiting = asyncio.create_task(session.post("/v1/resolve", params={"wait": "60"}, json=body))
            await _until_job_runs(data_dir)
            service.process.send_signal(stop)
            async with asyncio.timeout(SLOW_SECONDS - 10):
                assert await service.process.wait() == 0
            assert (await waiting).status == 202
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


async def _until_job_runs(data_dir: Path) -> None:
    connection = await asyncpg.connect(f"postgresql://postgres@/postgres?host={data_dir}/postgres")
    async with asyncio.timeout(GUARD_SECONDS):
        while not await connection.fetchval("SELECT count(*) FROM jobs WHERE status = 'running'"):
            await asyncio.sleep(0.05)
    await connection.close()


async def test_killed_and_started_again(data_dir: Path) -> None:
    """After kill -9, the next start finds the data and the running PostgreSQL, and stops both at its end."""
    async with serving(data_dir) as service:
        key = service.key
        await service.post()
        service.process.kill()
        await service.process.wait()
    assert (data_dir / "postgres" / "postmaster.pid").exists()
    async with serving(data_dir, LINKSKIPPER_LEASE_SECONDS="1") as service:
        async with asyncio.timeout(GUARD_SECONDS):
            while (await service.post(key))[0] != 200:
                await asyncio.sleep(0.1)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


async def test_busy_port(data_dir: Path) -> None:
    """A port in use is reported with the option that changes it, before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ended = await run("serve", "--port", str(port), data_dir=data_dir)
    assert (ended.code, ended.out) == (1, "")
    assert f"127.0.0.1:{port} is in use" in ended.error
    assert "--port" in ended.error
    assert not data_dir.exists()
