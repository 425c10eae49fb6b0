"""Single flight: one job resolves a link for all that were submitted meanwhile (docs/decisions/0011-single-flight.md).

The first job for a link leads. Later ones follow: they have a `leader_id` and no queue entry, and end with it.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from linkskipper.database import Connection
from linkskipper.jobs import queries


async def find_leaders(connection: Connection, jobs: Sequence[tuple[bytes, UUID]]) -> dict[bytes, UUID]:
    """Return the leader of each link, which is the first of the new jobs where no job under way resolves the link.

    The links stay locked until the caller's transaction ends. A second call with the same jobs changes nothing.
    """
    candidates: dict[bytes, UUID] = {}
    for link_hash, job_id in jobs:
        candidates.setdefault(link_hash, job_id)
    counts = Counter(link_hash for link_hash, _ in jobs)
    rows = await connection.fetch(
        queries.LEAD_OR_FOLLOW,
        *zip(*((link_hash, candidates[link_hash], counts[link_hash] > 1) for link_hash in sorted(counts)), strict=True),
    )
    return {row["link_hash"]: row["leader_id"] for row in rows}


async def stop_leading(connection: Connection, jobs: Sequence[tuple[bytes, UUID]]) -> None:
    """Give up the links of new jobs that were refused, inside the transaction that found the leaders."""
    await connection.execute(queries.STOP_LEADING, *zip(*jobs, strict=True))


async def end_followers(connection: Connection, leader_ids: Collection[UUID]) -> list[asyncpg.Record]:
    """Give followers the end of their leaders, which have ended in the same transaction. Nothing is charged."""
    return await connection.fetch(queries.END_FOLLOWERS, leader_ids) if leader_ids else []
