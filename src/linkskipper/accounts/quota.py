"""Daily quotas: the number of resolves accepted with a key per UTC day (docs/reference/api.md, "Common rules").

Only keys with a quota are counted. Other keys cost no statement here.
"""

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from linkskipper.accounts import queries
from linkskipper.database import Connection, Pool


class DailyUsage:
    """Today's usage of several keys, locked until the transaction ends."""

    def __init__(self, day: date, accepted: dict[int, int]) -> None:
        self._day = day
        self._accepted = accepted
        self._added: dict[int, int] = {}

    def has_capacity(self, key_id: int, quota: int | None) -> bool:
        """Tell whether the quota allows one more resolve. A quota of None means no quota."""
        return quota is None or self._accepted[key_id] + self._added.get(key_id, 0) < quota

    def count(self, key_id: int, quota: int | None) -> None:
        """Count an accepted resolve. `save` writes the count."""
        if quota is not None:
            self._added[key_id] = self._added.get(key_id, 0) + 1

    async def save(self, connection: Connection) -> None:
        """Write the counts inside the transaction that locked them."""
        if self._added:
            await connection.execute(queries.ADD_USAGE, list(self._added), self._day, list(self._added.values()))


async def lock_usage(connection: Connection, key_ids: Iterable[int]) -> DailyUsage:
    """Lock today's usage of keys that have a quota, until the transaction ends."""
    day = datetime.now(UTC).date()
    ids = sorted(set(key_ids))
    if not ids:
        return DailyUsage(day, {})
    await connection.execute(queries.CREATE_USAGE, ids, day)
    rows = await connection.fetch(queries.LOCK_USAGE, ids, day)
    return DailyUsage(day, {row["key_id"]: row["accepted"] for row in rows})


async def used_today(pool: Pool, key_id: int) -> int:
    """Return the number of resolves accepted with a key since midnight UTC."""
    accepted: int | None = await pool.fetchval(queries.USAGE, key_id, datetime.now(UTC).date())
    return accepted or 0


async def prune_usage(connection: Connection, keep: timedelta) -> int:
    """Delete usage rows older than `keep`. Return the number deleted."""
    return int((await connection.execute(queries.PRUNE_USAGE, keep)).removeprefix("DELETE "))


def seconds_to_midnight() -> int:
    """Return the whole seconds until midnight UTC, when the quotas reset. The result is at least 1."""
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    return max(1, math.ceil((midnight - now).total_seconds()))
