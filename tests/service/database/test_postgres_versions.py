"""The service runs on every supported version of PostgreSQL that this machine has."""

from pathlib import Path
from uuid import uuid4

import pytest

from linkskipper.service.migrate import migrate
from linkskipper.service.retention import retention
from support.receiver import run_receiver
from support.servers import list_servers, running
from support.service import fresh_link, run_service

SERVERS = list_servers()


@pytest.mark.parametrize("version", sorted(SERVERS))
async def test_a_link_and_its_event(version: int, data_dir: Path, tmp_path: Path) -> None:
    """Links are resolved, charged, cached, listed and told to a webhook. Old rows are removed."""
    with running(SERVERS[version], data_dir) as url:
        await migrate(url)
        async with (
            run_receiver(tmp_path) as receiver,
            run_service(url, tmp_path, receiver=receiver) as service,
        ):
            assert int(await service.pool.fetchval("SHOW server_version_num")) // 10_000 == version
            caller = await service.caller(credits=3)
            link, hook = fresh_link(), receiver.url()
            done = await caller.resolve(link, wait=10, webhook_url=hook)
            assert (done.status, done.body["credits_charged"]) == (200, 1)
            assert [request.event["job_id"] for request in await receiver.received(hook)] == [done.body["job_id"]]
            assert (await caller.resolve(link)).body["cached"]
            slow = (await caller.resolve(f"https://slow.lab.test/1/{uuid4().hex}")).body["job_id"]
            assert (await caller.finished(slow))["status"] == "done"
            assert len((await caller.get("/v1/jobs")).body["jobs"]) == 2
            await retention(url, service.settings).work()
