"""When a delivery that failed is tried again."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

JITTER = 0.2
LONGEST_ASKED = timedelta(hours=24)


class Schedule(msgspec.Struct, frozen=True):
    """The waits before each attempt, the first at once, each up to a fifth shorter or longer by chance.

    chance gives a number from 0 to 1.
    """

    waits: Sequence[timedelta]
    chance: Callable[[], float]

    def wait(self, step: int, asked: timedelta | None = None) -> timedelta | None:
        """How long to wait after that many attempts, and no less than the receiver asked for; None: try no more."""
        if step >= len(self.waits):
            return None
        planned = self.waits[step] * (1 + JITTER * (2 * self.chance() - 1))
        return planned if asked is None else max(planned, min(asked, LONGEST_ASKED))


def read_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """What a Retry-After asks for (RFC 9110, 10.2.3: seconds or a date); None where it says nothing sensible."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), LONGEST_ASKED)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max(timedelta(), moment.replace(tzinfo=moment.tzinfo or UTC) - now)
