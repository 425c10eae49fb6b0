"""When a delivery that failed is tried again."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from linkskipper.egress import MAX_RETRY_AFTER

JITTER = 0.2


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
        return planned if asked is None else max(planned, min(asked, MAX_RETRY_AFTER))
