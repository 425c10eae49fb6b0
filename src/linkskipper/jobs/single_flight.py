"""Resolve a link once for all jobs that ask for it at the same time: one leads, the others follow and share its end."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from linkskipper.database import Connection
from linkskipper.jobs import queries
from linkskipper.jobs.states import JobResult


async def elect_leaders(connection: Connection, job_ids: Sequence[UUID]) -> list[UUID]:
    """Return the jobs that lead the resolution of their link, and write down the others as their followers."""
    rows = await connection.fetch(queries.LINK_HASHES, job_ids)
    link_hashes, ids = [row["link_hash"] for row in rows], [row["id"] for row in rows]
    leaders: dict[bytes, UUID] = {}
    while set(link_hashes) - leaders.keys():  # a leader may end between the two statements
        await connection.execute(queries.LEAD, link_hashes, ids)
        leaders = {row["link_hash"]: row["job_id"] for row in await connection.fetch(queries.LEADERS, link_hashes)}
    followers = [(row["link_hash"], row["id"]) for row in rows if leaders[row["link_hash"]] != row["id"]]
    if followers:
        await connection.execute(queries.FOLLOW, *zip(*followers, strict=True))
    return [row["id"] for row in rows if leaders[row["link_hash"]] == row["id"]]


async def end_followers(connection: Connection, results: Mapping[bytes, JobResult]) -> list[asyncpg.Record]:
    """Give the followers of these links their leader's end, free of charge."""
    followers = await connection.fetch(queries.RELEASE_FOLLOWERS, list(results))
    if not followers:
        return []
    shared = [(row["job_id"], results[row["link_hash"]]) for row in followers]
    columns = [
        (job_id, result.status, result.target_url, result.provider, result.tier, result.reason)
        for job_id, result in shared
    ]
    return await connection.fetch(queries.END_FOLLOWERS, *zip(*columns, strict=True))
