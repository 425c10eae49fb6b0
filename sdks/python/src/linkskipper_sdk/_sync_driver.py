"""Drive flows in threads."""

import threading
from collections.abc import Callable, Iterator
from typing import TypeAlias, TypeVar

from linkskipper_sdk._core.bulk import Run
from linkskipper_sdk._core.effects import Flow, Reply, Send, Sleep
from linkskipper_sdk.models import Outcome

T = TypeVar("T")


Sender: TypeAlias = Callable[[Send], Reply]


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
    """Run many links in threads, and yield the outcomes as they come."""
    threads = _Threads(run, send)
    try:
        while (outcome := threads.next_outcome()) is not None:
            yield outcome
    finally:
        threads.stop()
    if run.error is not None:
        raise run.error


class _Threads:
    """Threads that take turns at a run: each takes a request, sends it, and comes back with the reply."""

    def __init__(self, run: Run, send: Sender) -> None:
        self._run = run
        self._send = send
        self._lock = threading.Lock()
        self._turn = threading.Condition(self._lock)  # a thread may have something to do
        self._news = threading.Condition(self._lock)  # the consumer may have something to take
        self._count = 0
        self._stopped = False
        self._crash: BaseException | None = None

    def stop(self) -> None:
        """Let the threads end after their requests."""
        with self._lock:
            self._stopped = True
            self._run.close()
            self._turn.notify_all()

    def next_outcome(self) -> Outcome | None:
        """Wait for an outcome. None: there are no more.

        Links are pulled in the thread of the consumer: their source may be a database cursor, which belongs to it.
        """
        pulled = False
        while True:
            with self._lock:
                if self._crash is not None:
                    raise self._crash
                if self._run.outcomes and (pulled or not self._run.wants_links):
                    self._turn.notify()
                    return self._run.outcomes.popleft()
                if self._run.finished:
                    return None
                if not self._run.wants_links:
                    self._news.wait()
                    continue
            self._pull()
            pulled = True

    def _pull(self) -> None:
        link = self._run.pull()
        with self._lock:
            self._run.add(link)
            self._call_another()

    def _work(self) -> None:
        with self._lock:
            try:
                while not self._stopped:
                    self._take_turn()
            except BaseException as error:
                self._crash = error
                self._stopped = True
            self._news.notify()

    def _take_turn(self) -> None:
        task = self._run.take()
        if self._run.outcomes or self._run.finished or self._run.wants_links:
            self._news.notify()
        if task is None:
            self._turn.wait(self._run.wakes_in())
            return
        if self._run.pending:
            self._call_another()
        link, effect = task
        self._lock.release()
        try:
            reply = self._send(effect)
        finally:
            self._lock.acquire()
        self._run.resume(link, reply)

    def _call_another(self) -> None:
        if self._count == self._run.concurrency:
            self._turn.notify()
            return
        self._count += 1
        # A daemon, so that a long poll under way does not hold up the end of the program.
        threading.Thread(target=self._work, name="linkskipper-sdk", daemon=True).start()
