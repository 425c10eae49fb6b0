"""The first of the two transactions that change credits: hold credits, make the job and queue it, or do nothing."""

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

import asyncpg
import msgspec

from linkskipper import credits
from linkskipper.accounts import DailyUsage, lock_usage, seconds_to_midnight
from linkskipper.catalog import Catalog
from linkskipper.credits import LockedBalance
from linkskipper.database import Connection, DedicatedConnection, Pool
from linkskipper.database.batching import batched
from linkskipper.database.ids import new_id
from linkskipper.errors import ApiError, LinkRemoved, OutOfCredits, QuotaExceeded
from linkskipper.jobs import queries
from linkskipper.jobs.link_parser import LinkParser
from linkskipper.jobs.probes import ProbeQueue
from linkskipper.jobs.read import read_replay
from linkskipper.jobs.single_flight import find_leaders, stop_leading
from linkskipper.jobs.states import JobState, NewJob, Queued, Resolved
from linkskipper.link_cache import forget_links
from linkskipper.provider_health import AdmissionControl
from linkskipper.queue import QueuedJob, enqueue_jobs
from linkskipper.resolver import ParsedLink
from linkskipper.usage import Outcome, UsageCounter

SubmitResult = Resolved | Queued | JobState
"""An answer from the cache, a new job, or the state of the job that the idempotency key started before."""


class JobSubmitter:
    """Accepts requests by the order of checks in docs/reference/api.md, from the replay on.

    Answers from the cache are counted in `usage`.
    """

    def __init__(self, pool: Pool, catalog: Catalog, admission: AdmissionControl, usage: UsageCounter) -> None:
        self._usage = usage
        self._pool = pool
        self._links = LinkParser(catalog)
        self._admission = admission
        self._probes = ProbeQueue(pool, admission)
        self._connection = DedicatedConnection(pool)

    async def submit(self, new: NewJob) -> SubmitResult:
        """Answer from the cache, or queue a job.

        Raises:
            UnsupportedLink: The text holds no link of a supported provider.
            LinkRemoved: The cache knows that the shortener removed the link.
            ProviderDown: The provider is switched off, or its circuit is open.
            QuotaExceeded: The key's daily quota is used up.
            OutOfCredits: The account has fewer credits available than the link's price.
        """
        try:
            link = self._links.parse(new.url)
        except ApiError:
            # The job of an idempotency key is its answer, whatever the repeated request holds.
            if (replay := await self._read_replay(new)) is not None:
                return replay
            raise
        asked = (link.key, new.account_id, new.key_id, new.idempotency_key)
        is_cached, target_url, provider, tier, balance, is_replay = await self._find_cached.put(asked)
        if is_replay and (replay := await self._read_replay(new)) is not None:
            return replay
        if not is_cached:
            return await self._queue_if_up(new, link)
        if target_url is None:
            raise LinkRemoved("The shortener says that this link was removed.")
        if new.daily_quota is not None:
            await self._count_usage(new)
        self._usage.add(new.account_id, new.key_id, provider, Outcome.CACHED)
        return Resolved(None, new.url, target_url, provider, tier, 0, balance)

    async def submit_afresh(self, new: NewJob) -> Queued | JobState:
        """Queue a job, and forget what the cache knows of the link if the job is accepted. Raises as `submit` does."""
        return await self._queue_if_up(new, self._links.parse(new.url), afresh=True)

    @batched()
    async def _find_cached(self, asked: list[tuple[bytes, int, int, str | None]]) -> list[asyncpg.Record]:
        """Look links up in the cache, read the balance of the account that asks, and find its idempotency key."""
        return await self._connection.fetch(queries.FIND_CACHED, *zip(*asked, strict=True))

    async def _count_usage(self, new: NewJob) -> None:
        """Count a cached answer towards the daily quota, which does not refuse it (docs/reference/api.md)."""
        async with self._pool.acquire() as connection, connection.transaction():
            usage = await lock_usage(connection, [new.key_id])
            usage.count(new.key_id, new.daily_quota)
            await usage.save(connection)

    async def _read_replay(self, new: NewJob) -> JobState | None:
        if new.idempotency_key is None:
            return None
        return await read_replay(self._pool, new.key_id, new.idempotency_key)

    async def _queue_if_up(self, new: NewJob, link: ParsedLink, *, afresh: bool = False) -> Queued | JobState:
        submission = Submission(new_id(), new, link, afresh)
        asked = (link.provider, link.url.host_port, new.account_id)
        if self._admission.admits(*asked):
            return await self._queue(submission)
        return await self._probes.queue(*asked, submission.job_id, partial(self._queue, submission))

    async def _queue(self, submission: "Submission") -> Queued | JobState:
        answer = await self._insert(submission)
        if isinstance(answer, ApiError):
            raise answer
        if answer is not None:
            return answer
        replay = await self._read_replay(submission.new)
        # None: the request that claimed the idempotency key first was refused and released it.
        return replay if replay is not None else await self._queue(submission)

    @batched()
    async def _insert(self, submissions: list["Submission"]) -> list[Queued | ApiError | None]:
        """Queue many jobs in one transaction. The answer is None where another job owns the idempotency key."""
        async with self._pool.acquire() as connection, connection.transaction():
            claimed = await _claim_idempotency_keys(connection, submissions)
            own = [entry for entry in submissions if entry.new.idempotency_key is None or entry.job_id in claimed]
            leaders = await _find_leaders(connection, own)
            refused = await _admit(connection, own)
            accepted = [entry for entry in own if entry.job_id not in refused]
            if refused:
                await _withdraw(connection, [entry for entry in own if entry.job_id in refused])
                leaders = await _find_leaders(connection, accepted)
            positions = await _insert_jobs(connection, accepted, leaders)
            await forget_links(connection, [entry.link.key for entry in accepted if entry.afresh])
        queued = {job_id: Queued(job_id, position) for job_id, position in positions.items()}
        return [queued.get(entry.job_id) or refused.get(entry.job_id) for entry in submissions]


class Submission(msgspec.Struct, frozen=True):
    """A request that waits to become a job. `afresh`: the cache forgets the link, so that it is resolved again."""

    job_id: UUID
    new: NewJob
    link: ParsedLink
    afresh: bool

    @property
    def price(self) -> int:
        """The credits to hold."""
        return self.link.provider.resolve_cost


async def _claim_idempotency_keys(connection: Connection, submissions: Sequence[Submission]) -> set[UUID]:
    """Return the jobs that own their idempotency key now. One order of locks for all prevents deadlocks."""
    keyed = sorted(
        (submission.new.key_id, submission.new.idempotency_key, submission.job_id)
        for submission in submissions
        if submission.new.idempotency_key is not None
    )
    if not keyed:
        return set()
    return {row["job_id"] for row in await connection.fetch(queries.CLAIM_IDEMPOTENCY_KEYS, *zip(*keyed, strict=True))}


async def _find_leaders(connection: Connection, submissions: Sequence[Submission]) -> dict[bytes, UUID]:
    jobs = [(submission.link.key, submission.job_id) for submission in submissions]
    return await find_leaders(connection, jobs) if jobs else {}


async def _withdraw(connection: Connection, refused: Sequence[Submission]) -> None:
    """Give up the links and idempotency keys of refused submissions."""
    await stop_leading(connection, [(submission.link.key, submission.job_id) for submission in refused])
    keyed = [
        (submission.new.key_id, submission.new.idempotency_key)
        for submission in refused
        if submission.new.idempotency_key is not None
    ]
    if keyed:
        await connection.execute(queries.RELEASE_IDEMPOTENCY_KEYS, *zip(*keyed, strict=True))


async def _admit(connection: Connection, submissions: Sequence[Submission]) -> dict[UUID, ApiError]:
    """Count usage and hold credits in the order of arrival. Return what quotas and balances refuse."""
    with_quota = [submission.new.key_id for submission in submissions if submission.new.daily_quota is not None]
    usage = await lock_usage(connection, with_quota)
    balances = await credits.lock(connection, [submission.new.account_id for submission in submissions])
    refused = {}
    for submission in submissions:
        refusal = _refusal(submission, usage, balances[submission.new.account_id])
        if refusal is not None:
            refused[submission.job_id] = refusal
    await usage.save(connection)
    await credits.hold(connection, balances)
    return refused


def _refusal(submission: Submission, usage: DailyUsage, balance: LockedBalance) -> ApiError | None:
    new = submission.new
    if not usage.has_capacity(new.key_id, new.daily_quota):
        return QuotaExceeded(
            f"This key may resolve {new.daily_quota} links a day. Try again after midnight UTC.",
            retry_after=seconds_to_midnight(),
        )
    if not balance.reserve(submission.price):
        return _out_of_credits(submission.price, balance)
    usage.count(new.key_id, new.daily_quota)
    return None


def _out_of_credits(price: int, balance: LockedBalance) -> OutOfCredits:
    held = balance.balance - balance.available
    if held == 0:
        detail = f"This link costs {_credits(price)} and the balance is {balance.balance}. Add credits and try again."
    else:
        detail = (
            f"This link costs {_credits(price)}. Of the balance of {balance.balance}, jobs under way hold {held} and "
            f"{balance.available} can be spent. Add credits, or wait for those jobs to end."
        )
    return OutOfCredits(detail, balance=balance.balance)


def _credits(amount: int) -> str:
    return "1 credit" if amount == 1 else f"{amount} credits"


async def _insert_jobs(
    connection: Connection, submissions: Sequence[Submission], leaders: Mapping[bytes, UUID]
) -> dict[UUID, int]:
    """Insert the jobs and queue those that lead. Return the queue positions by job."""
    if not submissions:
        return {}
    leading = [submission for submission in submissions if leaders[submission.link.key] == submission.job_id]
    entries = [QueuedJob(submission.link.provider.tier, submission.job_id) for submission in leading]
    positions = await enqueue_jobs(connection, entries) if entries else {}
    rows = [_columns(submission, leaders[submission.link.key], positions) for submission in submissions]
    inserted = await connection.fetch(queries.INSERT, *zip(*rows, strict=True))
    return {row["id"]: row["queue_position"] for row in inserted}


def _columns(submission: Submission, leader_id: UUID, positions: Mapping[UUID, int]) -> tuple[object, ...]:
    new, link = submission.new, submission.link
    return (
        submission.job_id,
        None if leader_id == submission.job_id else leader_id,
        new.account_id,
        new.key_id,
        new.url,
        link.url.href,
        link.key,
        link.provider.id,
        link.provider.tier,
        submission.price,
        new.webhook_url,
        positions.get(leader_id),
        new.live,
    )
