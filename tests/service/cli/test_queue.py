"""The commands for the queue and for jobs of all accounts."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from linkskipper.jobs import JobResult, cancel_job, operation
from support.processes import Ended, run
from support.service import fresh_link, run_service
from support.workers import until_running


async def test_links_that_wait(database_url: str, tmp_path: Path) -> None:
    """Links that wait are listed, put first and cancelled free of charge. A job is shown with what became of it."""

    async def call(*arguments: str) -> Ended:
        return await run(*arguments, LINKSKIPPER_DATABASE_URL=database_url)

    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller(credits=5)
        links = [fresh_link() for _ in range(3)]
        ids = [(await caller.resolve(link)).body["job_id"] for link in links]
        listed = json.loads((await call("queue", "list", "--json")).out)
        assert [(job["job_id"], job["url"], job["state"]) for job in listed] == [
            (job_id, link, "queued") for job_id, link in zip(ids, links, strict=True)
        ]
        table = (await call("queue", "list", "--limit", "2")).out
        assert [job_id in table for job_id in ids] == [True, True, False]
        assert json.loads((await call("queue", "list", "--running", "--json")).out) == []

        last = str(listed[2]["entry_id"])
        assert (await call("queue", "run-next", last)).err == f"Job {ids[2]} is next.\n"
        assert [(ended := await call("queue", "run-next", entry)).code for entry in (last, "999999")] == [1, 1]
        assert ended.error == "linkskipper: Entry 999999 does not wait, or is the next one already."

        assert (await call("queue", "cancel", ids[0])).code == 0
        job = await caller.finished(ids[0])
        assert (job["status"], job["reason"], job["balance"]) == ("failed", "cancelled", 5)
        assert [(await call("queue", "cancel", job_id)).code for job_id in (ids[0], str(uuid4()))] == [1, 1]

        shown = json.loads((await call("jobs", "show", ids[0], "--json")).out)
        assert (shown["job"]["id"], shown["job"]["reason"], shown["hops"]) == (ids[0], "cancelled", [])
        assert (await call("jobs", "show", str(uuid4()))).code == 1
        audited = await service.pool.fetch(
            "SELECT action, subject FROM audit_log WHERE action LIKE 'queue.%' ORDER BY id"
        )
        assert [tuple(row) for row in audited] == [
            ("queue.run-next", f"link {ids[2]}"),
            ("queue.cancel", f"link {ids[0]}"),
        ]


async def test_the_hops_of_a_job(database_url: str, tmp_path: Path) -> None:
    """A job that ended is shown with its hops, as a table."""
    async with run_service(database_url, tmp_path) as service:
        caller = await service.caller()
        job_id = (await caller.resolve("https://redirect.lab.test/three", wait=10)).body["job_id"]
        table = (await run("jobs", "show", job_id, LINKSKIPPER_DATABASE_URL=database_url)).out
    assert [word in table for word in (job_id, "done", "location-header")] == [True] * 3


async def test_a_cancel_that_breaks_off(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a process ends between the two parts of a cancel, a worker ends the job. Nothing stays held."""
    monkeypatch.setattr(operation, "TAKEN_AGAIN_AFTER", timedelta())
    async with run_service(database_url, tmp_path) as service:
        caller = await service.caller(credits=5)
        job_id = (await caller.resolve(f"https://slow.lab.test/2/{uuid4().hex}")).body["job_id"]
        await until_running(service, job_id)
        with pytest.raises(asyncio.CancelledError):
            await cancel_job(service.pool, BreaksOff(), UUID(job_id))  # type: ignore[arg-type]
        assert (await caller.finished(job_id))["status"] == "done"
        assert await service.pool.fetchval("SELECT held FROM accounts WHERE id = $1", caller.account_id) == 0


class BreaksOff:
    """Ends no job: the process is told to stop before."""

    async def complete(self, result: JobResult) -> bool:
        """Be cancelled."""
        raise asyncio.CancelledError(result)
