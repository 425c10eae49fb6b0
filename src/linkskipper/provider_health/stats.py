"""Measured times, and the share of links that failed."""

import time
from collections.abc import Callable

import msgspec

from linkskipper.catalog import Provider
from linkskipper.database import Pool
from linkskipper.provider_health import queries

RECENT = 100  # links of a provider that are looked back on
ENOUGH = 20  # below that, nothing is concluded from them
REMEMBERED_SECONDS = 5
TENTHS_BELOW = 10  # seconds


class ProviderStats(msgspec.Struct, frozen=True):
    """Of the last links of a provider: how many ended, how many of them well, and the seconds which those took."""

    ended: int
    done: int
    median: float | None
    p90: float | None

    @property
    def failing(self) -> bool:
        """Whether half of them failed."""
        return self.ended >= ENOUGH and self.done * 2 <= self.ended


NONE = ProviderStats(0, 0, None, None)


class ProviderStatsCache:
    """The figures of all providers, asked for at most every few seconds."""

    def __init__(self, pool: Pool, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._known: dict[str, ProviderStats] = {}
        self._until = clock()

    async def figures(self) -> dict[str, ProviderStats]:
        """By provider id; those of which nothing is known are not there."""
        if self._clock() >= self._until:
            self._until = self._clock() + REMEMBERED_SECONDS
            self._known = await read_figures(self._pool)
        return self._known


async def read_figures(pool: Pool) -> dict[str, ProviderStats]:
    """The same, asked for now."""
    return {row["provider"]: ProviderStats(*list(row.values())[1:]) for row in await pool.fetch(queries.FIGURES)}


def latency(provider: Provider, figures: ProviderStats) -> str:
    """Median to 90th percentile, as people write it; what the file says until there are enough measurements."""
    if figures.done < ENOUGH or figures.median is None or figures.p90 is None:
        return provider.latency
    _, comma, remark = provider.latency.partition(",")
    return f"{_span(figures.median, figures.p90)}{comma}{remark}"


def _span(low: float, high: float) -> str:
    shortest, longest = _rounded(low), _rounded(high)
    return f"{longest}s" if shortest == longest else f"{shortest}-{longest}s"


def _rounded(seconds: float) -> str:
    """Tenths of seconds matter only for what is quick."""
    return f"{max(round(seconds, 1), 0.1):g}" if seconds < TENTHS_BELOW else f"{seconds:.0f}"
