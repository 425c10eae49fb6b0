"""The second of the two transactions that carry the money: the job ends, once, and all that hangs on it."""

from collections.abc import Mapping
from uuid import UUID

import asyncpg
import msgspec

from linkskipper import credits
from linkskipper.credits import Charge
from linkskipper.database import Connection, Pool
from linkskipper.database.batching import Batcher
from linkskipper.jobs import queries
from linkskipper.jobs.states import ERRORS, JobStatus
from linkskipper.link_cache import CachedLink, LinkCache
from linkskipper.metrics import JOBS_ENDED
from linkskipper.webhooks import JobEnd, queue_events

ENDS_A_NOTICE = 130  # a notice holds 8000 bytes, an end takes 57 at most


class JobResult(msgspec.Struct, frozen=True):
    """How an attempt ended; job_id, attempt and lease are the fence.

    hops is JSON, charge is in credits (never more than the job's hold), cached is what the cache shall learn.
    """

    job_id: UUID
    attempt: int
    lease: UUID
    status: JobStatus
    target_url: str | None = None
    provider: str | None = None
    tier: str | None = None
    reason: str | None = None
    hops: str | None = None
    charge: int = 0
    cached: CachedLink | None = None


class JobCompleter:
    """Ends jobs, and tells whoever waits for them."""

    def __init__(self, pool: Pool, links: LinkCache) -> None:
        self._pool = pool
        self._links = links
        self.settle = Batcher(self._settle_all)

    async def _settle_all(self, endings: list[JobResult]) -> list[bool]:
        """End many jobs in one transaction; False for one whose attempt no longer counts."""
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                rows = await connection.fetch(queries.END, *zip(*map(_columns, endings), strict=True))
                ended = {row["id"]: row["link"] for row in rows}
                counted = {ended[ending.job_id]: ending for ending in endings if ending.job_id in ended}
                passengers = await _end_passengers(connection, counted)
                balances = await credits.settle(connection, [_charge(row) for row in (*rows, *passengers)])
                await self._links.store(connection, [each.cached for each in counted.values() if each.cached])
                await queue_events(
                    connection, [_job_end(row, balances) for row in (*rows, *passengers) if row["webhook_url"]]
                )
            ends = [f"{row['id']}:{row['key_id']}" for row in (*rows, *passengers)]
            for begin in range(0, len(ends), ENDS_A_NOTICE):
                await connection.execute(queries.NOTIFY, ",".join(ends[begin : begin + ENDS_A_NOTICE]))
        for ending in counted.values():
            JOBS_ENDED.labels(ending.status, ending.reason or "").inc()
        return [ending.job_id in ended for ending in endings]

    async def raise_hold(self, ending: JobResult, account_id: int, *, held: int) -> None:
        """Hold what a job costs that turned out dearer, if the account can: else it ends at the price it began with."""
        attempt, cost = (ending.job_id, ending.attempt, ending.lease), ending.charge
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(queries.CHANGE_COST, *attempt, held, cost) is None:
                return
            purses = await credits.lock(connection, [account_id])
            if purses[account_id].promise(cost - held):
                await credits.hold(connection, purses)
            else:
                await connection.execute(queries.CHANGE_COST, *attempt, cost, held)


async def _end_passengers(connection: Connection, endings: Mapping[bytes, JobResult]) -> list[asyncpg.Record]:
    """Give the jobs that waited for these links the same end, for nothing."""
    passengers = await connection.fetch(queries.ALIGHT, list(endings))
    if not passengers:
        return []
    shared = [(row["job_id"], endings[row["link"]]) for row in passengers]
    columns = [
        (job_id, ending.status, ending.target_url, ending.provider, ending.tier, ending.reason)
        for job_id, ending in shared
    ]
    return await connection.fetch(queries.END_PASSENGERS, *zip(*columns, strict=True))


def _columns(ending: JobResult) -> tuple[object, ...]:
    return (
        ending.job_id,
        ending.attempt,
        ending.lease,
        ending.status,
        ending.target_url,
        ending.provider,
        ending.tier,
        ending.reason,
        ending.hops,
        ending.charge,
    )


def _charge(row: asyncpg.Record) -> Charge:
    return Charge(row["account_id"], row["id"], held=row["cost"], taken=row["credits_charged"])


def _job_end(row: asyncpg.Record, balances: Mapping[int, int]) -> JobEnd:
    return JobEnd(
        key_id=row["key_id"],
        url=row["webhook_url"],
        job_id=row["id"],
        status=row["status"],
        target_url=row["target_url"],
        provider=row["provider"],
        tier=row["tier"],
        error=ERRORS.get(row["status"]),
        credits_charged=row["credits_charged"],
        balance=balances[row["account_id"]],
    )
