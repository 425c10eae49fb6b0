"""Processes of the last release continue on the schema of this version, which is migrated while they work."""

import asyncio
import io
import json
import subprocess
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest

from linkskipper.database import Pool, open_pool
from linkskipper.lab import Lab
from linkskipper.service.migrate import migrate
from support.processes import COMMAND, GUARD_SECONDS, environment, run
from support.receiver import Receiver, run_receiver
from support.service import fresh_link, named, run_service

ROOT = Path(__file__).parents[3]
CLIENTS = 4
CREDITS = 100_000
ENOUGH = 20  # links that end before, while and after the schema changes
SECRET = "of the last release, " * 3


def unpack_release(folder: Path) -> Path:
    """Unpack the source of the last release from the history of the repository. Skip the test where there is none."""
    try:
        commit = _git("log", "-1", "--format=%H", "--grep=^release: ", "HEAD^").decode().strip()
    except subprocess.CalledProcessError:
        commit = ""
    if not commit:
        pytest.skip("This test needs the history of the repository: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit, "src"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


def _git(*arguments: str) -> bytes:
    return subprocess.check_output(["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *arguments])


async def read(settings: dict[str, Any], *arguments: str) -> str:
    """Return the output of a command of the last release."""
    ended = await run(*arguments, **settings)
    assert ended.code == 0, ended.err
    return ended.out


@asynccontextmanager
async def running(settings: dict[str, Any], *arguments: str) -> AsyncIterator[str]:
    """Run a command of the last release until the context ends. Provide its address, which a worker has not."""
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        *arguments,
        env=environment(**settings),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(GUARD_SECONDS):
            while (event := json.loads(await process.stderr.readline()))["event"] != f"{arguments[0]}.ready":
                pass
        reading = asyncio.create_task(process.stderr.read())
        yield event.get("address", "")
        assert process.returncode is None
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    await reading


@dataclass
class Load:
    """Clients that resolve one link after another."""

    key: str
    receiver: Receiver
    accepted: dict[str, str] = field(default_factory=dict)
    statuses: set[int] = field(default_factory=set)
    stopped: bool = False

    async def client(self, address: str) -> None:
        """Resolve links until the load is stopped."""
        async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {self.key}"}) as session:
            while not self.stopped:
                hook = self.receiver.url()
                order = {"url": fresh_link(), "webhook_url": hook, "idempotency_key": uuid4().hex}
                async with session.post("/v1/resolve", params={"wait": "20"}, json=order) as response:
                    self.statuses.add(response.status)
                    self.accepted[(await response.json())["job_id"]] = hook

    async def more(self) -> None:
        """Wait until ENOUGH more links were accepted."""
        goal = len(self.accepted) + ENOUGH
        async with asyncio.timeout(GUARD_SECONDS):
            while len(self.accepted) < goal:
                await asyncio.sleep(0.05)


async def verify(pool: Pool, load: Load) -> None:
    """Every link has one result, one charge and its event."""
    async with asyncio.timeout(GUARD_SECONDS):
        while any(not load.receiver.at(hook) for hook in load.accepted.values()):
            await asyncio.sleep(0.1)
    books = await pool.fetchrow(
        "SELECT (SELECT count(*) FROM jobs WHERE status = 'done') AS done, (SELECT count(*) FROM jobs) AS jobs,"
        " (SELECT count(*) FROM ledger WHERE kind = 'charge') AS charges, balance, held FROM accounts",
    )
    count = len(load.accepted)
    expected = {"done": count, "jobs": count, "charges": count, "balance": CREDITS - count, "held": 0}
    assert dict(books or {}) == expected


@pytest.mark.slow
async def test_last_release_on_the_new_schema(server_url: str, tmp_path: Path) -> None:
    """Under load, the schema is migrated beneath an API and a worker of the last release. Then new ones join them."""
    release = unpack_release(tmp_path / "release")
    server = await asyncpg.connect(server_url)
    await server.execute("CREATE DATABASE last_release")
    url = named(server_url, "last_release")
    async with Lab(state_dir=tmp_path) as lab, run_receiver(tmp_path) as receiver:
        bundle = tmp_path / "authorities.pem"
        bundle.write_text(lab.ca_file.read_text() + receiver.ca_file.read_text())
        settings: dict[str, Any] = {
            **lab.settings,
            "PYTHONPATH": str(release),
            "LINKSKIPPER_DATABASE_URL": url,
            "LINKSKIPPER_SECRET_KEY": SECRET,
            "LINKSKIPPER_WEBHOOK_HOST_MAP": ",".join(receiver.host_map),
            "LINKSKIPPER_EXTRA_CA": str(bundle),
            "LINKSKIPPER_LOG_JSON": "true",
        }
        await read(settings, "db", "migrate")
        await read(settings, "accounts", "create", "load", "--credits", str(CREDITS))
        key = await read(settings, "keys", "create", "--account", "1", "--rate-limit", "1000000", "--json")
        load, pool = Load(json.loads(key)["key"], receiver), await open_pool(url, size=1)
        async with (
            running(settings, "api", "--port", "0") as address,
            running(settings, "worker"),
            asyncio.TaskGroup() as clients,
        ):
            tasks = [clients.create_task(load.client(address)) for _ in range(CLIENTS)]
            await load.more()
            await migrate(url)
            await load.more()
            (tmp_path / "new").mkdir()
            async with run_service(url, tmp_path / "new", receiver=receiver, secret_key=SECRET) as service:
                tasks.append(clients.create_task(load.client(service.url)))
                await load.more()
                load.stopped = True
                await asyncio.gather(*tasks)
                await verify(pool, load)
        assert load.statuses <= {200, 202}
        pool.terminate()
    await server.execute("DROP DATABASE last_release WITH (FORCE)")
    await server.close()
