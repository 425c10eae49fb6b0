"""Run many links at once, without I/O: says which requests to send when, and is told what came of them."""

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count
from math import inf

from linkskipper_sdk._core.config import Clock
from linkskipper_sdk._core.effects import Flow, Gate, Pause, Reply, Response, Send, Sleep
from linkskipper_sdk._core.rate_limit import parse_rate_limit
from linkskipper_sdk.errors import (
    ConfigurationError,
    ForbiddenScopeError,
    InvalidKeyError,
    LinkSkipperError,
    OutOfCreditsError,
    QuotaExceededError,
)
from linkskipper_sdk.models import Outcome, ResolvedLink

# Every further link would meet the same error.
FATAL_ERRORS = (InvalidKeyError, ForbiddenScopeError, OutOfCreditsError, QuotaExceededError)


class Link:
    """A link in progress."""

    __slots__ = ("flow", "index", "sent", "url")

    def __init__(self, index: int, url: str, flow: Flow[ResolvedLink]) -> None:
        self.index = index
        self.url = url
        self.flow = flow
        self.sent = False


class Pacer:
    """Holds calls back while the per-minute limit has no room for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._in_flight = 0
        self._paused_until = 0.0
        self._room: int | None = None  # None: the service tells no limit
        self._room_from = 0.0

    def opens_at(self) -> float:
        """Return when the next call may start. An answer before that may change it."""
        if self._room is None or self._room > 0:
            return self._paused_until
        return max(self._paused_until, self._room_from)

    def started(self) -> None:
        """Count a call that starts."""
        self._in_flight += 1
        if self._room == 0:
            self._room_from = inf  # one call finds out whether there is room again
        elif self._room is not None:
            self._room -= 1

    def ended(self, reply: Reply) -> None:
        """Count a call that ended, and learn from its answer what is left."""
        self._in_flight -= 1
        if not isinstance(reply, Response):
            if self._room_from == inf:
                self._room_from = self._clock.monotonic()
            return
        limit = parse_rate_limit(reply.headers.get("ratelimit")).minute
        if limit is None or limit.reset is None:
            self._room = None
            return
        self._room = max(0, limit.remaining - self._in_flight)
        self._room_from = self._clock.monotonic() + limit.reset

    def pause(self, seconds: float) -> None:
        """Let no call start for this time."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)


class Run:
    """A run of many links.

    A driver pulls links while the run wants them, sends what ``take`` returns, calls ``resume`` with the replies, and
    takes the outcomes.

    Args:
        urls: The links. They are taken when they are needed.
        begin: Makes the flow of a link.
        concurrency: How many links are in progress at most.
        clock: The source of time.
    """

    def __init__(
        self, urls: Iterable[str], begin: Callable[[str], Flow[ResolvedLink]], concurrency: int, clock: Clock
    ) -> None:
        if isinstance(urls, str | bytes) or not isinstance(urls, Iterable):
            raise ConfigurationError(f"urls must be a list or another iterable of links, not {type(urls).__name__}.")
        if type(concurrency) is not int or concurrency < 1:
            raise ConfigurationError("concurrency must be a whole number from 1.")
        self.concurrency = concurrency
        self.error: LinkSkipperError | None = None
        self.outcomes: deque[Outcome] = deque()
        self._source = enumerate(urls)
        self._links: deque[tuple[int, str]] = deque()
        self._begin = begin
        self._clock = clock
        self._pacer = Pacer(clock)
        self._in_progress = 0
        self._exhausted = False
        self._at_gate: deque[Link] = deque()
        self._sleeping: list[tuple[float, int, Link]] = []
        self._numbers = count()
        self._starts: deque[tuple[Link, Send]] = deque()

    @property
    def finished(self) -> bool:
        """Whether all links have their outcomes."""
        return self._exhausted and not self._links and self._in_progress == 0

    @property
    def wants_links(self) -> bool:
        """Whether a link should be pulled and added."""
        return not self._exhausted and len(self._links) < self.concurrency

    def pull(self) -> tuple[int, str] | None:
        """Take a link from the caller's source, which may take its time. None: there are no more."""
        return next(self._source, None)

    def add(self, link: tuple[int, str] | None) -> None:
        """Queue a link that was pulled."""
        if link is None:
            self._exhausted = True
        elif self.error is None:
            self._links.append(link)

    @property
    def pending(self) -> bool:
        """Whether ``take`` has another request at once."""
        return bool(self._starts)

    def take(self) -> tuple[Link, Send] | None:
        """Return a request to send now. None: there is none before a reply, a time or an outcome that is taken."""
        if not self._starts and len(self.outcomes) < self.concurrency:
            self._collect_starts()
        return self._starts.popleft() if self._starts else None

    def resume(self, link: Link, reply: Reply) -> None:
        """Go on with a link whose request has ended."""
        self._pacer.ended(reply)
        self._advance(link, reply)

    def wakes_in(self) -> float | None:
        """Return the seconds after which ``take`` has something to do even without a reply. None: never."""
        times = [self._sleeping[0][0]] if self._sleeping else []
        if self._at_gate:
            times.append(self._pacer.opens_at())
        earliest = min(times, default=inf)
        return None if earliest == inf else max(0.0, earliest - self._clock.monotonic())

    def close(self) -> None:
        """Drop all links."""
        self._exhausted = True
        self._links.clear()
        for link in [*self._at_gate, *(link for _, _, link in self._sleeping)]:
            link.flow.close()

    def _collect_starts(self) -> None:
        now = self._clock.monotonic()
        while self._sleeping and self._sleeping[0][0] <= now:
            self._advance(heappop(self._sleeping)[2], None)
        self._admit(now)
        while self._links and self._in_progress < self.concurrency:
            index, url = self._links.popleft()
            self._in_progress += 1
            self._advance(Link(index, url, self._begin(url)), None)
            self._admit(now)

    def _admit(self, now: float) -> None:
        while self._at_gate and self._pacer.opens_at() <= now:
            self._advance(self._at_gate.popleft(), None)

    def _advance(self, link: Link, reply: Reply) -> None:
        """Run a link's flow up to its next effect, or to its end."""
        try:
            effect = link.flow.send(reply)
            while isinstance(effect, Pause):
                self._pacer.pause(effect.seconds)
                effect = link.flow.send(None)
        except StopIteration as stop:
            self._end(Outcome(link.index, link.url, link=stop.value))
        except LinkSkipperError as error:
            self._end(Outcome(link.index, link.url, error=error))
            if isinstance(error, FATAL_ERRORS):
                self._end_run(error)
        else:
            self._take(link, effect)

    def _take(self, link: Link, effect: Gate | Send | Sleep) -> None:
        if isinstance(effect, Gate):
            self._at_gate.append(link)
        elif isinstance(effect, Send):
            link.sent = True
            self._pacer.started()
            self._starts.append((link, effect))
        else:
            heappush(self._sleeping, (self._clock.monotonic() + effect.seconds, next(self._numbers), link))

    def _end(self, outcome: Outcome) -> None:
        self._in_progress -= 1
        self.outcomes.append(outcome)

    def _end_run(self, error: LinkSkipperError) -> None:
        self.error = self.error or error
        self._exhausted = True
        self._links.clear()
        unsent = [link for link in self._at_gate if not link.sent]
        for link in unsent:
            self._at_gate.remove(link)
            self._in_progress -= 1
            link.flow.close()


def batch_key(batch: str, url: str) -> str:
    """Return the idempotency key of a link in a batch: the same link has the same key in each run."""
    from hashlib import sha256  # noqa: PLC0415  the package imports quickly

    return f"{batch}:{sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()}"
