"""Pacing: how far apart the requests to a provider are, over all workers."""

from datetime import timedelta

from linkskipper.catalog import Provider
from linkskipper.database import Pool
from linkskipper.provider_limits import queries


async def reserve_request(pool: Pool, provider: Provider, within: float) -> float | None:
    """Reserve the next request to a provider. Return the seconds to wait for it.

    Return None and reserve nothing if the wait is longer than `within` seconds.
    """
    interval = timedelta(seconds=provider.limits.min_interval or 0)
    seconds: float | None = await pool.fetchval(
        queries.RESERVE_REQUEST, provider.id, interval, timedelta(seconds=within)
    )
    return seconds
