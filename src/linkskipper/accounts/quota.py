"""Daily quotas: the resolves that were accepted with a key on a UTC day (api.md, "Common rules").

Only keys that have a quota are counted; the others cost nothing here.
"""

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from linkskipper.accounts import queries
from linkskipper.database import Connection, Pool


class DailyUsage:
    """What keys have used of today's quotas; locked until the transaction ends."""

    def __init__(self, day: date, accepted: dict[int, int]) -> None:
        self._day = day
        self._accepted = accepted
        self._counted: dict[int, int] = {}

    def room(self, key_id: int, quota: int | None) -> bool:
        """Whether one more resolve is in the quota (None: no quota)."""
        return quota is None or self._accepted[key_id] + self._counted.get(key_id, 0) < quota

    def count(self, key_id: int, quota: int | None) -> None:
        """Count an accepted resolve; it is written down once save is called."""
        if quota is not None:
            self._counted[key_id] = self._counted.get(key_id, 0) + 1

    async def save(self, connection: Connection) -> None:
        """Write the counts down, inside the transaction that locked them."""
        if self._counted:
            await connection.execute(queries.COUNT_USAGE, list(self._counted), self._day, list(self._counted.values()))


async def lock_usage(connection: Connection, key_ids: Iterable[int]) -> DailyUsage:
    """Today's usage of keys that have a quota, which nobody else can change until the transaction ends."""
    day = datetime.now(UTC).date()
    ids = sorted(set(key_ids))
    if not ids:
        return DailyUsage(day, {})
    await connection.execute(queries.BEGIN_USAGE, ids, day)
    rows = await connection.fetch(queries.LOCK_USAGE, ids, day)
    return DailyUsage(day, {row["key_id"]: row["accepted"] for row in rows})


async def used_today(pool: Pool, key_id: int) -> int:
    """The resolves accepted with a key since midnight UTC."""
    accepted: int | None = await pool.fetchval(queries.USAGE, key_id, datetime.now(UTC).date())
    return accepted or 0


async def prune_usage(connection: Connection, keep: timedelta) -> int:
    """Remove the counts of days so long ago; returns how many."""
    return int((await connection.execute(queries.PRUNE_USAGE, keep)).removeprefix("DELETE "))


def seconds_to_midnight() -> int:
    """Whole seconds until the quotas begin anew, at least 1."""
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    return max(1, math.ceil((midnight - now).total_seconds()))
