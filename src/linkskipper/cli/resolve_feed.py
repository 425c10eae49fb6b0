"""Hand out many links so that no host waits for another, while memory stays flat."""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from linkskipper.cli.resolve_resume import SPAN, ResumedLinks

WINDOW = 10_000  # links that are read ahead, among which hosts share fairly

T = TypeVar("T")


class NumberedLink(NamedTuple):
    """A link and its place in the input."""

    number: int
    text: str


class FairQueue:
    """Links that wait. The next one is of the host with the fewest links under way."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[NumberedLink]] = {}
        self._under_way: Counter[str] = Counter()
        self._levels: dict[int, dict[str, None]] = {}  # the waiting hosts in turn, by their links under way
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def put(self, link: NumberedLink) -> None:
        """Add a link."""
        host = host_of(link.text)
        if host not in self._waiting:
            self._waiting[host] = deque()
            self._line_up(host)
        self._waiting[host].append(link)
        self._size += 1

    def take(self) -> NumberedLink:
        """Remove the next link. There must be one. Call `finish` when it has ended."""
        host = next(iter(self._levels[min(self._levels)]))
        self._leave_line(host)
        link = self._waiting[host].popleft()
        self._under_way[host] += 1
        self._size -= 1
        if self._waiting[host]:
            self._line_up(host)
        else:
            del self._waiting[host]
        return link

    def finish(self, link: NumberedLink) -> None:
        """Note that a link has ended."""
        host = host_of(link.text)
        if host in self._waiting:
            self._leave_line(host)
        self._under_way[host] -= 1
        if host in self._waiting:
            self._line_up(host)
        elif not self._under_way[host]:
            del self._under_way[host]

    def _line_up(self, host: str) -> None:
        self._levels.setdefault(self._under_way[host], {})[host] = None

    def _leave_line(self, host: str) -> None:
        level = self._under_way[host]
        del self._levels[level][host]
        if not self._levels[level]:
            del self._levels[level]


class LinkFeed:
    """Hands out the links of batches. It reads ahead, but never far beyond the oldest link that has not ended.

    It calls `skip` with the number of a link that an earlier run resolved.
    """

    def __init__(self, batches: Iterator[list[str]], *, resumed: ResumedLinks, skip: Callable[[int], None]) -> None:
        self._batches = batches
        self._resumed = resumed
        self._skip = skip
        self._queue = FairQueue()
        self._numbers = 0
        self._oldest = 0
        self._ended: set[int] = set()
        self._is_read = False
        self._reading: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> int:
        """The links that were read and have not begun."""
        return len(self._queue)

    async def take(self) -> NumberedLink | None:
        """Return the next link, or None after the last one.

        Raises:
            InputError: the input cannot be read.
        """
        while True:
            if self._reading is None and not self._is_read and self._has_room():
                self._reading = asyncio.create_task(self._read())
            if self._queue:
                return self._queue.take()
            if self._is_read:
                return None
            self._changed.clear()
            await self._changed.wait()
            if self._reading is not None and self._reading.done():
                self._reading.result()

    def finish(self, link: NumberedLink) -> None:
        """Note that a link has ended, after its result was written."""
        self._queue.finish(link)
        self._end(link.number)
        self._changed.set()

    def _has_room(self) -> bool:
        return len(self._queue) < WINDOW and self._numbers - self._oldest < SPAN

    async def _read(self) -> None:
        try:
            batch = await _in_thread(lambda: next(self._batches, None))
            self._is_read = batch is None
            for text in batch or ():
                self._add(NumberedLink(self._numbers, text))
                self._numbers += 1
            self._reading = None
        finally:
            self._changed.set()

    def _add(self, link: NumberedLink) -> None:
        if self._resumed.has(link.number, link.text):
            self._skip(link.number)
            self._end(link.number)
        else:
            self._queue.put(link)

    def _end(self, number: int) -> None:
        self._ended.add(number)
        while self._oldest in self._ended:
            self._ended.remove(self._oldest)
            self._oldest += 1


def host_of(text: str) -> str:
    """Return what looks like the host of a link. It only decides whose turn it is."""
    return text.partition("://")[2].partition("/")[0].lower()


async def _in_thread(function: Callable[[], T]) -> T:
    """Call a function in a thread that nobody waits for when the program ends: it may read a terminal."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failure = None, None
        try:
            result = function()
        except BaseException as error:
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, daemon=True).start()
    return await future
