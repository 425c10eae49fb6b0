"""Drive flows in an event loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias, TypeVar

from linkskipper_sdk._core.bulk import Link, Run
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
    """Run many links with tasks that send, and yield the outcomes as they come."""
    tasks: dict[asyncio.Task[Reply], Link] = {}
    try:
        while True:
            for link, effect in run.step():
                tasks[asyncio.ensure_future(_send(send, effect))] = link
            while run.outcomes:
                yield run.outcomes.popleft()
            if run.finished:
                break
            for task in await _wait(tasks, run.wakes_in()):
                run.resume(tasks.pop(task), task.result())
        if run.error is not None:
            raise run.error
    finally:
        run.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(send: Sender, effect: Send) -> Reply:
    return await send(effect)


async def _wait(tasks: dict[asyncio.Task[Reply], Link], seconds: float | None) -> set[asyncio.Task[Reply]]:
    if not tasks:
        await asyncio.sleep(seconds or 0.0)
        return set()
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    return done
