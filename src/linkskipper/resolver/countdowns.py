"""Wait for the countdowns of the pages of one link."""

from linkskipper.catalog import Provider
from linkskipper.resolver.deadline import Deadline
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.fetcher import Fetcher
from linkskipper.resolver.reasons import Reason


class Countdowns:
    """A countdown begins when its page came or when the last countdown ended."""

    def __init__(self, fetcher: Fetcher, deadline: Deadline) -> None:
        self._fetcher = fetcher
        self._deadline = deadline
        self._began_at = 0.0
        self._waited: dict[str, float] = {}

    def begin(self) -> None:
        """Note that a page came."""
        self._began_at = self._deadline.now()

    async def wait_out(self, provider: Provider, host: str, seconds: float, limit: float | None) -> None:
        """Wait for a countdown of a provider's page.

        Raises:
            Stop: The countdown is longer than allowed, or than the link has time for. No time is spent then.
        """
        waited = self._waited.get(provider.id, 0) + seconds
        if waited > provider.limits.max_wait or (limit is not None and seconds > limit):
            raise Stop(Reason.WAIT_TOO_LONG, f"{host} makes visitors wait {seconds:g} seconds, which is too long.")
        now = self._deadline.now()
        ends_at = max(self._began_at + seconds, now)
        if ends_at >= self._deadline.at:
            raise Stop(Reason.TIMEOUT, f"{host} makes visitors wait longer than the link has time.")
        if ends_at > now:
            await self._fetcher.sleep(ends_at - now)
        self._waited[provider.id], self._began_at = waited, ends_at
