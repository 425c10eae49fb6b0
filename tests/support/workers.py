"""Worker processes of their own, as an operator runs them, to be killed and stopped."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.service import Service

LEASE_SECONDS = "2"


@asynccontextmanager
async def worker(service: Service, **settings: str) -> AsyncIterator[Process]:
    """A worker process of its own, as an operator runs it."""
    environment = {
        **os.environ,
        "LINKSKIPPER_DATABASE_URL": service.settings.database_url or "",
        "LINKSKIPPER_DATA_DIR": str(service.settings.data_dir),
        "LINKSKIPPER_HOST_MAP": ",".join(service.settings.host_map),
        "LINKSKIPPER_WEBHOOK_HOST_MAP": ",".join(service.settings.webhook_host_map),
        "LINKSKIPPER_EXTRA_CA": str(service.settings.extra_ca),
        "LINKSKIPPER_PROVIDERS_DIR": str(service.lab.providers_dir),
        "LINKSKIPPER_LEASE_SECONDS": LEASE_SECONDS,
        "LINKSKIPPER_LOG_JSON": "true",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("linkskipper")), "worker", env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    ready = json.loads(await process.stderr.readline())
    assert ready["event"] == "worker.ready"
    reading = asyncio.create_task(process.stderr.read())
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


async def until_running(service: Service, job_id: str) -> None:
    async with asyncio.timeout(60):
        while await service.pool.fetchval("SELECT status FROM jobs WHERE id = $1", job_id) != "running":
            await asyncio.sleep(0.01)
