"""linkskipper queue …"""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from linkskipper.audit import AuditEntry, record
from linkskipper.cli.database import with_database
from linkskipper.cli.options import DataDirOption, JsonOption, command_group
from linkskipper.cli.output import note, print_json, print_table
from linkskipper.database import Pool
from linkskipper.errors import UnknownRecordError
from linkskipper.jobs import JobCompleter, JobStatus, cancel_job, read_queued_links
from linkskipper.queue import list_queue_entries, run_next
from linkskipper.service.database import link_cache
from linkskipper.service.worker import TIERS
from linkskipper.settings import Settings
from linkskipper.usage import UsageCounter, UsageRecorder

LISTED = 1000

app = command_group(help="Manage the links that wait.")


class ListedQueueJob(msgspec.Struct, frozen=True):
    """An entry of the queue with its job. The fields of a job that was deleted are None."""

    entry_id: int
    job_id: UUID
    tier: str
    state: str
    waited_seconds: float
    attempt: int | None
    account_id: int | None
    provider: str | None
    url: str | None


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=LISTED, help="Entries to list.")] = 100,
    data_dir: DataDirOption = None,
    *,
    running: Annotated[bool, typer.Option("--running", help="List links in progress instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the links that wait, the oldest first. A link in progress without a heartbeat for a minute is lost."""

    async def work(_: Settings, pool: Pool) -> list[ListedQueueJob]:
        return await _read(pool, running=running, limit=limit)

    jobs = with_database(data_dir, work)
    if as_json:
        print_json(jobs)
        return
    print_table(
        ("entry", "job", "tier", "state", "seconds", "attempt", "account", "provider", "url"),
        [msgspec.structs.astuple(job) for job in jobs],
    )


@app.command("run-next")
def run_next_(
    entry: Annotated[int, typer.Argument(metavar="ENTRY", help="Id of the entry, as `queue list` shows it.")],
    data_dir: DataDirOption = None,
) -> None:
    """Run a link that waits now, before all others."""

    async def work(_: Settings, pool: Pool) -> UUID:
        async with pool.acquire() as connection, connection.transaction():
            payload = await run_next(connection, TIERS, entry)
            if payload is None:
                raise UnknownRecordError(f"Entry {entry} does not wait, or is the next one already.")
            job_id = UUID(bytes=payload)
            await record(connection, AuditEntry(action="queue.run-next", subject=f"link {job_id}"))
        return job_id

    note(f"Job {with_database(data_dir, work)} is next.")


@app.command()
def cancel(
    job: Annotated[UUID, typer.Argument(metavar="JOB", help="Id of the job.")], data_dir: DataDirOption = None
) -> None:
    """End a link that waits or is in progress as failed, free of charge. Its client and its webhook are told."""

    async def work(settings: Settings, pool: Pool) -> None:
        usage = UsageCounter()
        if not await cancel_job(pool, JobCompleter(pool, link_cache(settings, pool), usage), job):
            raise UnknownRecordError(f"Job {job} does not exist, has ended, or waits for another job of the same link.")
        await record(pool, AuditEntry(action="queue.cancel", subject=f"link {job}"))
        await UsageRecorder(pool, usage).finish()

    with_database(data_dir, work)
    note(f"Job {job} is cancelled.")


async def _read(pool: Pool, *, running: bool, limit: int) -> list[ListedQueueJob]:
    entries = await list_queue_entries(pool, TIERS, "picked" if running else "queued", limit=limit)
    links = await read_queued_links(pool, [UUID(bytes=entry.payload) for entry in entries])
    now = datetime.now(UTC)
    jobs = []
    for entry in entries:
        job_id = UUID(bytes=entry.payload)
        link = links.get(job_id)
        state = "lost" if entry.is_lost else JobStatus.RUNNING if entry.in_progress else JobStatus.QUEUED
        jobs.append(
            ListedQueueJob(
                *(entry.id, job_id, entry.queue, state, round((now - entry.created).total_seconds(), 1)),
                *((None,) * 4 if link is None else (link.attempt, link.account_id, link.provider, link.url)),
            )
        )
    return jobs
