"""Waiting polls: a thousand of them send no queries, and all are answered when the job ends."""

import asyncio
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from linkskipper.accounts import revoke_key
from linkskipper.jobs import JobCompleter, JobResult, JobStatus
from linkskipper.service.database import link_cache
from linkskipper.usage import UsageCounter
from support.factories import start_attempt
from support.service import Caller, Service, fresh_link, run_service

WAITING = 1000
QUIET_SECONDS = 2
SLACK = 10  # a thousand polls that each ask once in that time would add a thousand


async def transactions(service: Service) -> int:
    await service.pool.execute("SELECT pg_stat_force_next_flush()")
    count: int = await service.pool.fetchval(
        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    )
    return count


async def in_a_while(service: Service) -> int:
    """Return how many transactions the database sees in a few seconds."""
    before = await transactions(service)
    await asyncio.sleep(QUIET_SECONDS)
    return await transactions(service) - before


async def test_a_thousand_wait_quietly(database_url: str, tmp_path: Path) -> None:
    """The database sees no more queries than from an idle service. The end of the job answers all polls at once."""
    async with (
        run_service(database_url, tmp_path, tiers=()) as service,
        aiohttp.ClientSession(service.url, connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        one = await service.caller()
        caller = Caller(session, one.account_id, one.key_id, one.key)
        queued = await caller.resolve(fresh_link())
        idle = await in_a_while(service)
        poll = queued.body["poll_url"]
        polls = [asyncio.create_task(caller.get(poll, params={"wait": "50"})) for _ in range(WAITING)]
        async with asyncio.timeout(60):
            while await in_a_while(service) > idle + SLACK:
                pass  # their first look at the job is still under way
        assert not any(each.done() for each in polls)
        await end(service, UUID(queued.body["job_id"]))
        async with asyncio.timeout(60):
            answers = await asyncio.gather(*polls)
        assert {(answer.status, answer.body["status"]) for answer in answers} == {(200, "done")}


async def end(service: Service, job_id: UUID) -> None:
    """Do what a worker does when it has resolved the link."""
    lease = await start_attempt(service.pool, job_id)
    completer = JobCompleter(service.pool, link_cache(service.settings, service.pool), UsageCounter())
    assert await completer.complete(
        JobResult(job_id, 1, lease, JobStatus.DONE, target_url="https://example.com/", price=1)
    )


async def test_what_is_told_when_the_time_is_up(database_url: str, tmp_path: Path) -> None:
    """When its time is up, a poll returns the job's current state, even if no notification came."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        job_id = (await caller.resolve(fresh_link())).body["job_id"]
        poll = asyncio.create_task(caller.get(f"/v1/jobs/{job_id}", params={"wait": "1"}))
        await asyncio.sleep(0.3)
        await start_attempt(service.pool, UUID(job_id))
        assert (await poll).body["status"] == "running"


@pytest.mark.attack
async def test_a_key_that_is_revoked_during_a_wait(database_url: str, tmp_path: Path) -> None:
    """A response that was held is refused, like every other one with that key. Other keys get theirs."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller, other = await service.caller(), await service.caller()
        jobs = [(await client.resolve(fresh_link())).body["job_id"] for client in (caller, other)]
        polls = [
            asyncio.create_task(client.get(f"/v1/jobs/{job_id}", params={"wait": "60"}))
            for client, job_id in zip((caller, other), jobs, strict=True)
        ]
        await asyncio.sleep(0)
        await revoke_key(service.pool, caller.key_id)
        async with asyncio.timeout(60):
            while (await caller.get("/v1/account")).status != 401:
                await asyncio.sleep(0.05)
        for job_id in jobs:
            await end(service, UUID(job_id))
        answers = await asyncio.gather(*polls)
        assert [(answer.status, answer.body.get("status")) for answer in answers] == [(401, 401), (200, "done")]
