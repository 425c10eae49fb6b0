"""The time that one link has."""

import asyncio

LARGE_SHARE = 0.5


class Deadline:
    """A point in time by the running event loop's clock.

    Attributes:
        at: The time at which the link must end, in seconds of `loop.time()`.
        total: The seconds that the link has in all.
    """

    __slots__ = ("at", "total")

    def __init__(self, total: float) -> None:
        self.total = total
        self.at = 0.0
        self.restart()

    def restart(self) -> None:
        """Give the link its whole time again, from now on."""
        self.at = asyncio.get_running_loop().time() + self.total

    def postpone(self, seconds: float) -> None:
        """Add time that the link spent waiting for other links."""
        self.at += seconds

    def is_large_share(self, seconds: float) -> bool:
        """Return whether this is at least half of the link's whole time: enough for any host to answer in."""
        return seconds >= LARGE_SHARE * self.total

    def remaining(self) -> float:
        """Return the seconds left, negative after the deadline."""
        return self.at - asyncio.get_running_loop().time()
