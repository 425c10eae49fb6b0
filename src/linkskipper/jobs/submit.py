"""The first of the two transactions that carry the money: hold, job, idempotency key, queue entry, or none of them."""

from uuid import UUID

import msgspec

from linkskipper import credits
from linkskipper.catalog import Catalog
from linkskipper.errors import ApiError, LinkRemoved, OutOfCredits, UnsupportedLink
from linkskipper.jobs import queries
from linkskipper.jobs.model import JobState, NewJob, Queued, Resolved, new_job_id
from linkskipper.jobs.read import read_replay
from linkskipper.keys import get_balance
from linkskipper.links import LinkCache
from linkskipper.resolver import Link, Unsupported, intake
from linkskipper.storage import Connection, Pool
from linkskipper.storage.batch import Batcher
from linkskipper.storage.queue import QueueEntry, enqueue

Submitted = Resolved | Queued | JobState
"""An answer from the cache, a new job, or the state of the job that the idempotency key started before."""


class Submitter:
    """Takes in what clients ask for, in the order of checks of api.md from "replay" on."""

    def __init__(self, pool: Pool, catalog: Catalog, links: LinkCache) -> None:
        self._pool = pool
        self._catalog = catalog
        self._links = links
        self._queue = Batcher(self._queue_all)

    async def submit(self, new: NewJob) -> Submitted:
        """Answer from the cache, or queue a job.

        Raises:
            UnsupportedLink: no link of a supported provider.
            LinkRemoved: the shortener is known to have removed it.
            OutOfCredits: the account cannot pay for it.
        """
        replay = await self._replay(new)
        if replay is not None:
            return replay
        link = self._take_in(new.url)
        cached = await self._links.find(link.key)
        if cached is None:
            return await self._enqueue(new, link)
        if cached.target_url is None:
            raise LinkRemoved("The shortener says that this link was removed.")
        balance = await get_balance(self._pool, new.account_id)
        return Resolved(None, new.url, cached.target_url, cached.provider, cached.tier, 0, balance)

    async def _replay(self, new: NewJob) -> JobState | None:
        if new.idempotency_key is None:
            return None
        return await read_replay(self._pool, new.key_id, new.idempotency_key)

    def _take_in(self, url: str) -> Link:
        try:
            return intake(url, self._catalog)
        except Unsupported as error:
            raise UnsupportedLink(str(error)) from None

    async def _enqueue(self, new: NewJob, link: Link) -> Submitted:
        answer = await self._queue(_Entry(new_job_id(), new, link))
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
            refused = await _hold(connection, mine)
            accepted = [entry for entry in mine if entry.job_id not in refused]
            await _give_up_idempotency_keys(connection, [entry for entry in mine if entry.job_id in refused])
            positions = await _insert(connection, accepted)
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


async def _hold(connection: Connection, entries: list[_Entry]) -> dict[UUID, ApiError]:
    """Hold each job's cost; returns the refusals."""
    if not entries:
        return {}
    asked = [(entry.new.account_id, entry.link.provider.resolve_cost) for entry in entries]
    balances = await credits.hold(connection, asked)
    return {
        entry.job_id: OutOfCredits(
            f"This link costs {entry.link.provider.resolve_cost} credits and the jobs under way hold the rest: "
            "wait for them to end, or add credits.",
            balance=balance,
        )
        for entry, balance in zip(entries, balances, strict=True)
        if balance is not None
    }


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
