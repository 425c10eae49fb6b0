"""Drive flows in an event loop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias, TypeVar

from linkskipper_sdk._core.bulk import Run
from linkskipper_sdk._core.effects import Flow, Reply, Send, Sleep
from linkskipper_sdk.models import Outcome

T = TypeVar("T")

Sender: TypeAlias = Callable[[Send], Awaitable[Reply]]


async def run_flow(flow: Flow[T], send: Sender, sleep: Callable[[float], Awaitable[object]]) -> T:
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
            reply = await send(effect)
        elif isinstance(effect, Sleep):
            await sleep(effect.seconds)


async def run_many(run: Run, send: Sender) -> AsyncIterator[Outcome]:
    """Run many links in tasks, and yield the outcomes as they come."""
    tasks = _Tasks(run, send)
    try:
        tasks.start()
        while (outcome := await tasks.next_outcome()) is not None:
            yield outcome
    finally:
        await tasks.stop()
    if run.error is not None:
        raise run.error


class _Tasks:
    """Tasks that take turns at a run: each takes a request, sends it, and comes back with the reply."""

    def __init__(self, run: Run, send: Sender) -> None:
        self._run = run
        self._send = send
        self._tasks: list[asyncio.Task[None]] = []
        self._idle: deque[asyncio.Future[None]] = deque()
        self._news = asyncio.Event()
        self._crash: BaseException | None = None

    def start(self) -> None:
        """Start the first task. It starts others when there is more to send."""
        self._call_another()

    async def stop(self) -> None:
        """Cancel the tasks and the requests that they send."""
        self._run.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def next_outcome(self) -> Outcome | None:
        """Wait for an outcome. None: there are no more."""
        while not (self._run.outcomes or self._run.finished or self._crash):
            self._news.clear()
            await self._news.wait()
        if self._crash is not None:
            raise self._crash
        if not self._run.outcomes:
            return None
        self._wake_one()
        return self._run.outcomes.popleft()

    async def _work(self) -> None:
        try:
            while not self._run.finished:
                await self._take_turn()
        except BaseException as error:
            self._crash = error
            raise
        finally:
            self._news.set()

    async def _take_turn(self) -> None:
        while self._run.wants_links:
            self._run.add(self._run.pull())
        task = self._run.take()
        if self._run.outcomes or self._run.finished:
            self._news.set()
        if task is None:
            await self._rest(self._run.wakes_in())
            return
        if self._run.pending:
            self._call_another()
        link, effect = task
        self._run.resume(link, await self._send(effect))

    async def _rest(self, seconds: float | None) -> None:
        """Wait until another task wakes this one, or until the time is over."""
        if self._run.finished:
            return
        future = asyncio.get_running_loop().create_future()
        self._idle.append(future)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            pass
        finally:
            if future in self._idle:
                self._idle.remove(future)

    def _call_another(self) -> None:
        if len(self._tasks) == self._run.concurrency:
            self._wake_one()
        else:
            self._tasks.append(asyncio.ensure_future(self._work()))

    def _wake_one(self) -> None:
        while self._idle:
            future = self._idle.popleft()
            if not future.done():
                future.set_result(None)
                return
