"""Jobs without an API or a worker: each step is the real transaction on the real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from linkskipper.accounts import Keyring, create_account, create_key
from linkskipper.catalog import Catalog
from linkskipper.database import Pool, open_pool
from linkskipper.database.retry import until_available
from linkskipper.jobs import JobCompleter, JobResult, JobStatus, JobSubmitter, NewJob, Queued, queries
from linkskipper.lab import Lab
from linkskipper.link_cache import CachedLink, LinkCache
from linkskipper.provider_health import AdmissionControl
from linkskipper.usage import UsageCounter

TARGET = "https://example.com/"
FAILED: dict[str, Any] = {"status": JobStatus.FAILED, "target_url": None, "reason": "timeout", "price": 0}
"""The fields of a result that failed."""


@dataclass(frozen=True)
class Account:
    """An account with one key."""

    id: int
    key_id: int


@dataclass(frozen=True)
class Started:
    """The fence of an attempt."""

    job_id: UUID
    attempt: int
    lease: UUID

    def result(self, **fields: Any) -> JobResult:
        """Return a result of the attempt, which is done unless told otherwise."""
        end: dict[str, Any] = {"status": JobStatus.DONE, "target_url": TARGET, "price": 1}
        return JobResult(self.job_id, self.attempt, self.lease, **(end | fields))


class JobDesk:
    """Submits, starts and completes jobs, as one API process and one worker process do."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        catalog = Catalog.load(extra_dirs=[Lab.providers_dir])
        self.admission = AdmissionControl(pool, changed=asyncio.Event())
        self.submitter = JobSubmitter(pool, catalog, self.admission, UsageCounter())
        day = timedelta(days=1)
        self.completer = JobCompleter(pool, LinkCache(pool, keep_resolved=day, keep_removed=day), UsageCounter())

    async def account(self, *, credits: int = 100) -> Account:
        """Create an account and its key."""
        account_id = (await create_account(self.pool, "test", credits=credits)).id
        return Account(account_id, (await create_key(self.pool, Keyring(b"x"), account_id, name="test")).id)

    async def submit(self, account: Account, url: str, **options: Any) -> UUID:
        """Queue a job. Raises what refuses it."""
        answer = await self.submitter.submit(NewJob(account.id, account.key_id, None, url, **options))
        assert isinstance(answer, Queued), answer
        return answer.job_id

    async def start(self, job_id: UUID) -> Started | None:
        """Begin an attempt. Return None for a job that has ended or follows another."""
        lease = uuid4()
        rows = await self.pool.fetch(queries.START, [job_id], [lease])
        return Started(job_id, rows[0]["attempt"], lease) if rows else None

    async def complete(self, started: Started, **fields: Any) -> bool:
        """End an attempt. Return whether it counted."""
        call = partial(self.completer.complete, started.result(**fields))
        return await until_available(call, abandoned=asyncio.Event())

    async def resolve(self, job_id: UUID, **fields: Any) -> None:
        """Start and complete a job."""
        started = await self.start(job_id)
        assert started is not None
        assert await self.complete(started, **fields)

    async def statuses(self, *job_ids: UUID) -> list[str]:
        """Return the statuses of jobs in the order given."""
        rows = {row["id"]: row["status"] for row in await self.pool.fetch("SELECT id, status FROM jobs")}
        return [rows[job_id] for job_id in job_ids]


def cached_link() -> CachedLink:
    """Return a link that nobody else caches."""
    return CachedLink(uuid4().bytes, "https://x/", TARGET, "x", "standard")


@asynccontextmanager
async def job_desk(database_url: str) -> AsyncIterator[JobDesk]:
    """Open a desk with a pool of its own, as another process has."""
    pool = await open_pool(database_url, size=4)
    try:
        yield JobDesk(pool)
    finally:
        pool.terminate()
