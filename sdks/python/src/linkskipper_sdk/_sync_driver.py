"""Drive flows in threads."""

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import NamedTuple, TypeAlias, TypeVar

from linkskipper_sdk._core.bulk import Link, Run
from linkskipper_sdk._core.effects import Flow, Reply, Send, Sleep
from linkskipper_sdk.models import Outcome

T = TypeVar("T")


class _Crash(NamedTuple):
    """A fault of the HTTP client that is not an HTTP failure."""

    error: BaseException


Sender: TypeAlias = Callable[[Send], Reply]
_Task: TypeAlias = tuple[Link, Send]
_Result: TypeAlias = tuple[Link, Reply | _Crash]


def run_flow(flow: Flow[T], send: Sender, sleep: Callable[[float], object]) -> T:
    """Run a flow to its end."""
    reply: Reply = None
    while True:
        try:
            effect = flow.send(reply)
        except StopIteration as stop:
            result: T = stop.value
            return result
        reply = None
        if isinstance(effect, Send):
            reply = send(effect)
        elif isinstance(effect, Sleep):
            sleep(effect.seconds)


def run_many(run: Run, send: Sender) -> Iterator[Outcome]:
    """Run many links with threads that send, and yield the outcomes as they come."""
    pool = _Threads(send)
    try:
        while True:
            for task in run.step():
                pool.start(task)
            while run.outcomes:
                yield run.outcomes.popleft()
            if run.finished:
                break
            if (result := pool.wait(run.wakes_in())) is not None:
                run.resume(*result)
        if run.error is not None:
            raise run.error
    finally:
        run.close()
        pool.close()


class _Threads:
    """Threads that send requests. There are as many as requests under way."""

    def __init__(self, send: Sender) -> None:
        self._send = send
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._results: SimpleQueue[_Result] = SimpleQueue()
        self._count = 0
        self._idle = 0

    def start(self, task: _Task) -> None:
        """Send a request in a thread."""
        if self._idle > 0:
            self._idle -= 1
        else:
            self._count += 1
            # A daemon, so that a long poll under way does not hold up the end of the program.
            threading.Thread(target=self._work, name="linkskipper-sdk", daemon=True).start()
        self._tasks.put(task)

    def wait(self, seconds: float | None) -> tuple[Link, Reply] | None:
        """Return a request that has ended and its reply, or None after this time."""
        try:
            link, reply = self._results.get(timeout=seconds)
        except Empty:
            return None
        self._idle += 1
        if isinstance(reply, _Crash):
            raise reply.error
        return link, reply

    def close(self) -> None:
        """Let the threads end after their requests."""
        for _ in range(self._count):
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            link, effect = task
            try:
                reply: Reply | _Crash = self._send(effect)
            except BaseException as error:
                reply = _Crash(error)
            self._results.put((link, reply))
