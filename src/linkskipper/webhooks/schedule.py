"""The schedule of attempts: when a failed delivery is tried again."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from linkskipper.egress import MAX_RETRY_AFTER

JITTER = 0.2


class RetrySchedule(msgspec.Struct, frozen=True):
    """The waits before each attempt. The first wait is 0. Each wait is up to a fifth shorter or longer at random.

    `random` returns a number from 0 to 1.
    """

    waits: Sequence[timedelta]
    random: Callable[[], float]

    def wait(self, attempts: int, retry_after: timedelta | None = None) -> timedelta | None:
        """Return the wait after a number of attempts, or None if no attempt is left.

        The wait is at least `retry_after`, but no more than MAX_RETRY_AFTER for that reason.
        """
        if attempts >= len(self.waits):
            return None
        planned = self.waits[attempts] * (1 + JITTER * (2 * self.random() - 1))
        return planned if retry_after is None else max(planned, min(retry_after, MAX_RETRY_AFTER))
