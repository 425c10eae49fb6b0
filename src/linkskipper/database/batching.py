"""Batching: simultaneous calls share one run."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Generic, Self, TypeVar, overload

Owner = TypeVar("Owner")
Item = TypeVar("Item")
Result = TypeVar("Result")

LIMIT = 100  # items in a batch


class Batcher(Generic[Item, Result]):
    """Call a function of many items with one item. `run` returns one result for each item, in their order.

    The first item runs immediately. Items that arrive while a batch runs form the next batch. So a busy service makes
    few large transactions, and an idle one waits for nothing.
    """

    def __init__(self, run: Callable[[list[Item]], Awaitable[list[Result]]], *, limit: int = LIMIT) -> None:
        self._run = run
        self._limit = limit
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._draining: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop  # of the batch that runs

    async def __call__(self, item: Item) -> Result:
        """Return the result of an item. Raise what the run of its batch raised."""
        return await self.put(item)

    def put(self, item: Item) -> "asyncio.Future[Result]":
        """Begin without waiting for the result."""
        if self._draining is None:
            self._loop = asyncio.get_running_loop()  # a system call in Python 3.11, so once for a batch
            self._draining = self._loop.create_task(self._drain())
        future: asyncio.Future[Result] = self._loop.create_future()
        self._waiting.append((item, future))
        return future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
                await self._run_batch(batch)
        finally:
            self._draining = None

    async def _run_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        batch = [(item, future) for item, future in batch if not future.done()]  # nobody waits for the others
        if not batch:
            return
        try:
            results = await self._run([item for item, _ in batch])
            pairs = list(zip(batch, results, strict=True))
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in pairs:
            if not future.done():
                future.set_result(result)


class BatchedMethod(Generic[Owner, Item, Result]):
    """A method of many items that is called with one. Each object has a Batcher of its own for it."""

    def __init__(self, method: Callable[[Owner, list[Item]], Awaitable[list[Result]]], limit: int) -> None:
        self._method = method
        self._limit = limit
        self.__doc__ = method.__doc__

    def __set_name__(self, _: type[Any], name: str) -> None:
        """Remember the name of the method."""
        self._name = name

    @overload
    def __get__(self, owner: None, kind: type[Owner]) -> Self: ...
    @overload
    def __get__(self, owner: Owner, kind: type[Owner]) -> Batcher[Item, Result]: ...
    def __get__(self, owner: Owner | None, kind: type[Owner]) -> Self | Batcher[Item, Result]:
        """Make the Batcher of an object, and put it in place of the method."""
        if owner is None:
            return self
        batcher = Batcher(partial(self._method, owner), limit=self._limit)
        owner.__dict__[self._name] = batcher
        return batcher


def batched(
    *, limit: int = LIMIT
) -> Callable[[Callable[[Owner, list[Item]], Awaitable[list[Result]]]], BatchedMethod[Owner, Item, Result]]:
    """Let callers call a method of many items with one item, as a Batcher does.

    ```
    class Cache:
        @batched()
        async def find(self, keys: list[str]) -> list[Link]: ...


    link = await cache.find("a")
    ```
    """

    def decorate(
        method: Callable[[Owner, list[Item]], Awaitable[list[Result]]],
    ) -> BatchedMethod[Owner, Item, Result]:
        return BatchedMethod(method, limit)

    return decorate
