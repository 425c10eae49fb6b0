"""Count links in memory until somebody takes the counts."""

import time
from enum import IntEnum
from typing import TypeAlias

HOUR = 3600


class Outcome(IntEnum):
    """The end of a link, as a column of the counts."""

    DONE = 0
    FAILED = 1
    INVALID = 2
    CACHED = 3


CREDITS, MILLISECONDS, COLUMNS = len(Outcome), len(Outcome) + 1, len(Outcome) + 2


UsageKey: TypeAlias = tuple[int, int, int, str]
"""The links that are counted together: whole hours since 1970, account, key and provider."""


class UsageCounter:
    """The counts of a service in one process."""

    def __init__(self) -> None:
        self._counts: dict[UsageKey, list[int]] = {}

    def add(
        self,
        account_id: int,
        key_id: int,
        provider: str,
        outcome: Outcome,
        *,
        charged: int = 0,
        milliseconds: float = 0,
    ) -> None:
        """Count a link. `milliseconds` is its time from submission to target, 0 unless it is done."""
        counts = self._of((int(time.time()) // HOUR, account_id, key_id, provider))
        counts[outcome] += 1
        counts[CREDITS] += charged
        counts[MILLISECONDS] += int(milliseconds)

    def add_row(self, key: UsageKey, row: list[int]) -> None:
        """Add to all columns of a key."""
        counts = self._of(key)
        counts[:] = [a + b for a, b in zip(counts, row, strict=True)]

    def _of(self, key: UsageKey) -> list[int]:
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = [0] * COLUMNS
        return counts

    def take(self) -> dict[UsageKey, list[int]]:
        """Return the counts, and begin again."""
        counts, self._counts = self._counts, {}
        return counts
