"""The first of the two transactions that carry the money: hold, job, idempotency key, queue entry, or none of them."""

from uuid import UUID

import asyncpg
import msgspec

from linkskipper import credits
from linkskipper.accounts import DailyUsage, lock_usage, seconds_to_midnight
from linkskipper.catalog import Catalog
from linkskipper.credits import LockedBalance
from linkskipper.database import Connection, DedicatedConnection, Pool
from linkskipper.database.batching import Batcher
from linkskipper.database.ids import new_id
from linkskipper.errors import ApiError, LinkRemoved, OutOfCredits, QuotaExceeded, UnsupportedLink
from linkskipper.jobs import queries
from linkskipper.jobs.read import read_replay
from linkskipper.jobs.states import JobState, NewJob, Queued, Resolved
from linkskipper.link_cache import LinkCache
from linkskipper.provider_health import AdmissionControl
from linkskipper.queue.pgqueuer import QueueEntry, enqueue
from linkskipper.resolver import Link, Unsupported, parse_link

Submitted = Resolved | Queued | JobState
"""An answer from the cache, a new job, or the state of the job that the idempotency key started before."""


class JobSubmitter:
    """Takes in what clients ask for, in the order of checks of api.md from "replay" on."""

    def __init__(self, pool: Pool, catalog: Catalog, links: LinkCache, gate: AdmissionControl) -> None:
        self._pool = pool
        self._catalog = catalog
        self._links = links
        self._gate = gate
        self._looking = DedicatedConnection(pool)
        self._look = Batcher(self._look_all)
        self._queue = Batcher(self._queue_all)

    async def submit(self, new: NewJob) -> Submitted:
        """Answer from the cache, or queue a job.

        Raises:
            UnsupportedLink: no link of a supported provider.
            LinkRemoved: the shortener is known to have removed it.
            ProviderDown: the provider is switched off, or its circuit is open.
            QuotaExceeded: the key's daily quota is used up.
            OutOfCredits: the account cannot pay for it.
        """
        replay = await self._replay(new)
        if replay is not None:
            return replay
        link = self._take_in(new.url)
        known, target_url, provider, tier, balance = await self._look((link.key, new.account_id))
        if not known:
            return await self._enqueue_if_up(new, link)
        if target_url is None:
            raise LinkRemoved("The shortener says that this link was removed.")
        if new.daily_quota is not None:
            await self._count(new)
        return Resolved(None, new.url, target_url, provider, tier, 0, balance)

    async def _look_all(self, asked: list[tuple[bytes, int]]) -> list[asyncpg.Record]:
        """What the cache knows of links, each with the balance of the account that asks, in the order asked."""
        return await self._looking.fetch(queries.LOOK, *zip(*asked, strict=True))

    async def _count(self, new: NewJob) -> None:
        """An answer from the cache counts towards the daily quota, but is not refused for it (api.md)."""
        async with self._pool.acquire() as connection, connection.transaction():
            usage = await lock_usage(connection, [new.key_id])
            usage.count(new.key_id, new.daily_quota)
            await usage.save(connection)

    async def _replay(self, new: NewJob) -> JobState | None:
        if new.idempotency_key is None:
            return None
        return await read_replay(self._pool, new.key_id, new.idempotency_key)

    def _take_in(self, url: str) -> Link:
        try:
            return parse_link(url, self._catalog)
        except Unsupported as error:
            raise UnsupportedLink(str(error)) from None

    async def _enqueue_if_up(self, new: NewJob, link: Link) -> Submitted:
        probe = await self._gate.admit(link.provider, link.url.host, new.account_id)
        submitted = None
        try:
            submitted = await self._enqueue(new, link)
        finally:
            if probe is not None and not isinstance(submitted, Queued):
                await self._gate.give_back(probe)
        return submitted

    async def _enqueue(self, new: NewJob, link: Link) -> Submitted:
        answer = await self._queue(_Entry(new_id(), new, link))
        if isinstance(answer, ApiError):
            raise answer
        if answer is not None:
            return answer
        replay = await self._replay(new)
        # None: the request that claimed the key first was turned down and gave it up again.
        return replay if replay is not None else await self._enqueue(new, link)

    async def _queue_all(self, entries: list["_Entry"]) -> list["Queued | ApiError | None"]:
        """Queue many jobs in one transaction; None for one whose idempotency key is another job's."""
        async with self._pool.acquire() as connection, connection.transaction():
            claimed = await _claim_idempotency_keys(connection, entries)
            mine = [entry for entry in entries if entry.new.idempotency_key is None or entry.job_id in claimed]
            refused = await _admit(connection, mine)
            await _give_up_idempotency_keys(connection, [entry for entry in mine if entry.job_id in refused])
            positions = await _insert(connection, [entry for entry in mine if entry.job_id not in refused])
        queued = {job_id: Queued(job_id, position) for job_id, position in positions.items()}
        return [queued.get(entry.job_id) or refused.get(entry.job_id) for entry in entries]


class _Entry(msgspec.Struct, frozen=True):
    job_id: UUID
    new: NewJob
    link: Link


async def _claim_idempotency_keys(connection: Connection, entries: list[_Entry]) -> set[UUID]:
    """The jobs whose idempotency key is theirs now; always claimed in one order, so that none wait in a circle."""
    keyed = sorted(
        (entry.new.key_id, entry.new.idempotency_key, entry.job_id)
        for entry in entries
        if entry.new.idempotency_key is not None
    )
    if not keyed:
        return set()
    return {row["job_id"] for row in await connection.fetch(queries.CLAIM_IDEMPOTENCY_KEYS, *zip(*keyed, strict=True))}


async def _give_up_idempotency_keys(connection: Connection, entries: list[_Entry]) -> None:
    keyed = [(entry.new.key_id, entry.new.idempotency_key) for entry in entries if entry.new.idempotency_key]
    if keyed:
        await connection.execute(queries.GIVE_UP_IDEMPOTENCY_KEYS, *zip(*keyed, strict=True))


async def _admit(connection: Connection, entries: list[_Entry]) -> dict[UUID, ApiError]:
    """Count and hold for as many as quotas and balances allow, in the order given; returns the refusals."""
    usage = await lock_usage(connection, [entry.new.key_id for entry in entries if entry.new.daily_quota is not None])
    purses = await credits.lock(connection, [entry.new.account_id for entry in entries])
    refused = {}
    for entry in entries:
        refusal = _refusal(entry, usage, purses[entry.new.account_id])
        if refusal is not None:
            refused[entry.job_id] = refusal
    await usage.save(connection)
    await credits.hold(connection, purses)
    return refused


def _refusal(entry: _Entry, usage: DailyUsage, purse: LockedBalance) -> ApiError | None:
    new, cost = entry.new, entry.link.provider.resolve_cost
    if not usage.has_capacity(new.key_id, new.daily_quota):
        return QuotaExceeded(
            f"This key may resolve {new.daily_quota} links a day: wait for midnight UTC.",
            retry_after=seconds_to_midnight(),
        )
    if not purse.promise(cost):
        return OutOfCredits(
            f"This link costs {cost} and {purse.spendable - purse.promised} of the balance can still be spent, as jobs "
            "under way hold the rest: add credits, or wait for those jobs to end.",
            balance=purse.balance,
        )
    usage.count(new.key_id, new.daily_quota)
    return None


async def _insert(connection: Connection, entries: list[_Entry]) -> dict[UUID, int]:
    if not entries:
        return {}
    positions = await enqueue(connection, [QueueEntry(entry.link.provider.tier, entry.job_id) for entry in entries])
    rows = [
        (
            entry.job_id,
            entry.new.account_id,
            entry.new.key_id,
            entry.new.url,
            entry.link.key,
            entry.link.provider.id,
            entry.link.provider.tier,
            entry.link.provider.resolve_cost,
            entry.new.webhook_url,
            positions[entry.job_id],
        )
        for entry in entries
    ]
    await connection.execute(queries.INSERT, *zip(*rows, strict=True))
    return positions
