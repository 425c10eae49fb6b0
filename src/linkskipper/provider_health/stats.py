"""Measured latency of providers, and the share of their links that failed."""

import time
from collections.abc import Callable

import msgspec

from linkskipper.catalog import Provider
from linkskipper.database import Pool
from linkskipper.provider_health import queries

RECENT_LINKS = 100  # per provider
MIN_LINKS = 20  # fewer links prove nothing
CACHE_SECONDS = 5
TENTHS_BELOW_SECONDS = 10


class ProviderStats(msgspec.Struct, frozen=True):
    """The recent links of a provider. Only successful links have a latency (`median` and `p90`, in seconds)."""

    links: int = 0
    successes: int = 0
    median: float | None = None
    p90: float | None = None

    @property
    def failures(self) -> int:
        """Return the number of links that failed."""
        return self.links - self.successes

    @property
    def failing(self) -> bool:
        """Tell whether at least half of the links failed."""
        return self.links >= MIN_LINKS and self.successes * 2 <= self.links


NO_STATS = ProviderStats()


class ProviderStatsCache:
    """The stats of all providers, read at most every CACHE_SECONDS."""

    def __init__(self, pool: Pool, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._stats: dict[str, ProviderStats] = {}
        self._expires_at = clock()

    async def read(self) -> dict[str, ProviderStats]:
        """Return the stats by provider id. Providers without stats are left out."""
        if self._clock() >= self._expires_at:
            self._expires_at = self._clock() + CACHE_SECONDS
            self._stats = await read_stats(self._pool)
        return self._stats


async def read_stats(pool: Pool) -> dict[str, ProviderStats]:
    """Read the stats by provider id from the database."""
    return {
        row["provider"]: ProviderStats(row["links"], row["successes"], row["median"], row["p90"])
        for row in await pool.fetch(queries.STATS)
    }


def latency(provider: Provider, stats: ProviderStats) -> str:
    """Return the latency as text, from median to 90th percentile.

    The text is that of the provider file until MIN_LINKS links succeeded.
    """
    if stats.successes < MIN_LINKS or stats.median is None or stats.p90 is None:
        return provider.latency
    _, comma, remark = provider.latency.partition(",")
    return f"{_range(stats.median, stats.p90)}{comma}{remark}"


def _range(low: float, high: float) -> str:
    shortest, longest = _rounded(low), _rounded(high)
    return f"{longest}s" if shortest == longest else f"{shortest}-{longest}s"


def _rounded(seconds: float) -> str:
    """Round to whole seconds, or to tenths below TENTHS_BELOW_SECONDS."""
    return f"{max(round(seconds, 1), 0.1):g}" if seconds < TENTHS_BELOW_SECONDS else f"{seconds:.0f}"
