"""The time that one link has."""

from linkskipper.resolver.pauses import PauseClock

LARGE_SHARE = 0.5


class Deadline:
    """A point in time by the running event loop's clock. Pauses of this process move it on.

    Attributes:
        total: The seconds that the link has in all.
    """

    __slots__ = ("_at", "_lost_before", "_pauses", "total")

    def __init__(self, total: float, pauses: PauseClock) -> None:
        self.total = total
        self._pauses = pauses
        self._at = 0.0
        self._lost_before = 0.0
        self.restart()

    def restart(self) -> None:
        """Give the link its whole time again, from now on."""
        self._at = self._pauses.time() + self.total
        self._lost_before = self.lost

    def postpone(self, seconds: float) -> None:
        """Add time that the link spent waiting for other links."""
        self._at += seconds

    def is_large_share(self, seconds: float) -> bool:
        """Return whether this is at least half of the link's whole time: enough for any host to answer in."""
        return seconds >= LARGE_SHARE * self.total

    @property
    def at(self) -> float:
        """The time at which the link must end, in seconds of `loop.time()`."""
        return self._at + self.lost - self._lost_before

    @property
    def lost(self) -> float:
        """The seconds of all pauses of this process so far."""
        return self._pauses.lost

    def now(self) -> float:
        """Return the time, in seconds of `loop.time()`."""
        return self._pauses.time()

    def remaining(self) -> float:
        """Return the seconds left, negative after the deadline."""
        return self.at - self._pauses.time()
