"""The progress of `linkskipper resolve` over many links: a bar on a terminal, and the sum at the end."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from linkskipper.cli.output import note
from linkskipper.resolver import Resolution

REFRESH_SECONDS = 0.2
SHOWN_REASONS = 3


class ProgressCounter:
    """Counts how links ended. `read_share` gives the share of the input that was read, or None."""

    def __init__(self, read_share: Callable[[], float | None], waiting: Callable[[], int]) -> None:
        self._read_share = read_share
        self._waiting = waiting
        self._began = time.monotonic()
        self.resolved = 0
        self.skipped = 0
        self.failures: Counter[str] = Counter()

    def add(self, resolution: Resolution) -> None:
        """Count a link that ended."""
        if resolution.reason is None:
            self.resolved += 1
        else:
            self.failures[resolution.reason] += 1

    @property
    def ended(self) -> int:
        """The links that ended in this run."""
        return self.resolved + self.failures.total()

    def share(self) -> float | None:
        """Return the share of the input that is done, or None for an input without an end that is known."""
        read, done = self._read_share(), self.ended + self.skipped
        return None if read is None else read * done / max(1, done + self._waiting())

    def seconds_left(self) -> float | None:
        """Return how long the rest takes at the rate until now."""
        share = self.share()
        return None if not share or not self.ended else (time.monotonic() - self._began) * (1 - share) / share

    def text(self) -> str:
        """Return the counts as one line."""
        rate = self.ended / max(0.001, time.monotonic() - self._began)
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.failures.most_common(SHOWN_REASONS))
        others = f" ({reasons})" if reasons else ""
        return f"{self.ended:,} links, {rate:,.0f}/s: {self.resolved:,} resolved, {self.failures.total():,} not{others}"


@asynccontextmanager
async def shown(counter: ProgressCounter) -> AsyncIterator[None]:
    """Show a bar while the context lasts, and then the sum unless it was interrupted. Do nothing without a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    showing = asyncio.create_task(_show(counter))
    try:
        yield
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
    note(counter.text())


async def _show(counter: ProgressCounter) -> None:
    from rich.console import Console  # noqa: PLC0415 - a terminal only
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (BarColumn(20), TextColumn("{task.description}"))
    # On a terminal, results go above the bar. In a pipe, they must not pass through it.
    with Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()
    ) as progress:
        task = progress.add_task("", total=None)
        while True:
            share, left = counter.share(), counter.seconds_left()
            rest = "" if left is None else f", {_duration(left)} left"
            progress.update(task, total=None if share is None else 1, completed=share or 0)
            progress.update(task, description=f"{counter.text()}{rest}")
            await asyncio.sleep(REFRESH_SECONDS)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
