"""Read the use of an account, a key or a provider, by hour or by day."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from linkskipper.database import Pool
from linkskipper.usage import queries
from linkskipper.usage.owner import UsageOwner

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class UsagePeriod(StrEnum):
    """The time to look at, which ends now."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"

    @property
    def step(self) -> timedelta:
        """The length of a bucket."""
        return HOUR if self is UsagePeriod.DAY else DAY

    @property
    def buckets(self) -> int:
        """The number of buckets."""
        return int(self.value[:-1])


class UsageBucket(msgspec.Struct, frozen=True):
    """The links that ended in an hour or a day. `milliseconds` is the sum for those that are done."""

    begin: datetime
    done: int = 0
    failed: int = 0
    invalid: int = 0
    cached: int = 0
    credits: int = 0
    milliseconds: int = 0

    @property
    def total(self) -> int:
        """The number of links."""
        return self.done + self.failed + self.invalid + self.cached


async def read_usage(
    pool: Pool, owner: UsageOwner, period: UsagePeriod, *, now: datetime | None = None
) -> list[UsageBucket]:
    """Return every bucket of a period in its order, also those without links. Days begin at midnight UTC."""
    length = int(period.step.total_seconds())
    last = int((now or datetime.now(UTC)).timestamp()) // length
    begins = [datetime.fromtimestamp(number * length, UTC) for number in range(last - period.buckets + 1, last + 1)]
    unit = "hour" if period.step == HOUR else "day"
    rows = {row["begin"]: row for row in await pool.fetch(queries.READ, owner.name, begins[0], unit)}
    return [UsageBucket(**rows[begin]) if begin in rows else UsageBucket(begin) for begin in begins]
