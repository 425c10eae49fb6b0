"""The resolver for programs, as a synchronous and as an async call. It needs no server, no database and no settings."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from threading import Lock
from types import TracebackType
from typing import Any, Self, TypeVar

from anyio.from_thread import start_blocking_portal

from linkskipper.catalog import Catalog
from linkskipper.egress import Client, Policy, Transport
from linkskipper.resolver import USER_AGENT, LinkResolver, OnHop, PageReader, Resolution, StepRunner
from linkskipper.resolver.browser import BrowserOptions, LazyBrowser, find_browser

T = TypeVar("T")
_LEFT = "this resolver was closed before the link was resolved"


class Resolver:
    """Finds where short links lead, without contacting the destination.

    Enter it with `with` or `async with` to keep its connections between links.

    Args:
        catalog: The known shorteners. The default is the built-in catalog.
        policy: What may be contacted. The default is public addresses on ports 80 and 443.
        transport: Sends the requests. The default is the network. See `Replay`.
        generic: Whether to recognise shorteners that the catalog does not know by their pages.

    Links that need a browser use one if the extra `browser` is installed, a Chromium is found, and `transport` is not
    given.

    Raises:
        CatalogError: A built-in provider file is wrong.
    """

    def __init__(
        self,
        *,
        catalog: Catalog | None = None,
        policy: Policy | None = None,
        transport: Transport | None = None,
        generic: bool = False,
    ) -> None:
        self._catalog = catalog or Catalog.load()
        self._policy = policy or Policy()
        self._transport = transport
        self._generic = generic
        self._stack = AsyncExitStack()
        self._resolver: LinkResolver | None = None
        self._thread: _LoopThread | None = None

    async def resolve(self, url: str, *, on_hop: OnHop | None = None) -> Resolution:
        """Find where a link leads. Whatever the link does, the result is a `Resolution` and not an error.

        Args:
            url: A text that contains the link.
            on_hop: Called with each hop when it ends.

        Raises:
            RuntimeError: The resolver was left meanwhile.
        """
        if (thread := self._thread) is not None:
            return await asyncio.wrap_future(thread.start(lambda: self._resolve(url, on_hop)))
        if self._resolver is not None:
            return await self._resolve(url, on_hop)
        async with self._copy() as resolver:
            return await resolver.resolve(url, on_hop=on_hop)

    def resolve_sync(self, url: str, *, on_hop: OnHop | None = None) -> Resolution:
        """Do the same as a plain call, from any thread or several at a time. `on_hop` is called in another thread.

        Raises:
            RuntimeError: The resolver was left meanwhile, or it was entered with `async with`.
        """
        if (thread := self._thread) is not None:
            return thread.call(lambda: self._resolve(url, on_hop))
        if self._resolver is not None:
            raise RuntimeError("this resolver was entered with async with: await its resolve()")
        with self._copy() as resolver:
            return resolver.resolve_sync(url, on_hop=on_hop)

    async def __aenter__(self) -> Self:
        self._require_not_entered()
        try:
            self._resolver = await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resolver = None
        await self._stack.aclose()

    def __enter__(self) -> Self:
        self._require_not_entered()
        self._thread = _LoopThread()
        try:
            self._resolver = self._thread.call(self._open)
        except BaseException:
            self._leave_thread()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave_thread()

    def _leave_thread(self) -> None:
        thread, self._thread, self._resolver = self._thread, None, None
        if thread is not None:
            thread.leave(self._stack.aclose)

    async def _open(self) -> LinkResolver:
        reader = await self._stack.enter_async_context(PageReader())
        if self._transport is not None:
            return LinkResolver(self._catalog, self._transport, reader, generic=self._generic)
        client = await self._stack.enter_async_context(Client(self._policy, user_agent=USER_AGENT))
        return LinkResolver(self._catalog, client, reader, browser=await self._open_browser(), generic=self._generic)

    async def _open_browser(self) -> StepRunner | None:
        executable = find_browser()
        if executable is None:
            return None
        policy = self._policy
        options = BrowserOptions(
            executable, USER_AGENT, extra_ca=policy.extra_ca, extra_ca_names=policy.names_of_extra_ca
        )
        return await self._stack.enter_async_context(LazyBrowser(self._policy, options))

    async def _resolve(self, url: str, on_hop: OnHop | None) -> Resolution:
        if self._resolver is None:
            raise RuntimeError(_LEFT)
        return await self._resolver.resolve(url, on_hop=on_hop)

    def _copy(self) -> "Resolver":
        return Resolver(catalog=self._catalog, policy=self._policy, transport=self._transport, generic=self._generic)

    def _require_not_entered(self) -> None:
        if self._resolver is not None:
            raise RuntimeError("this resolver was entered already")


class _LoopThread:
    """An event loop in a thread of its own, for plain calls from other threads."""

    def __init__(self) -> None:
        self._context = start_blocking_portal(name="linkskipper")
        self._portal = self._context.__enter__()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lock = Lock()  # nothing may start once the loop is about to end: it might never run
        self._is_left = False

    def start(self, function: Callable[[], Coroutine[Any, Any, T]]) -> Future[T]:
        """Start a function in the loop.

        Raises:
            RuntimeError: The thread was left, now or before the function ended (from the future).
        """
        with self._lock:
            if self._is_left:
                raise RuntimeError(_LEFT)
            return self._portal.start_task_soon(self._run, function)

    def call(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a function in the loop and return its result. An interrupt of this call cancels the function."""
        future = self.start(function)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def leave(self, close: Callable[[], Awaitable[None]]) -> None:
        """Cancel what is running in the loop, call `close` there, and end the thread."""
        with self._lock:
            self._is_left = True
        try:
            self._portal.call(self._cancel_all)
            self._portal.call(close)
        finally:
            self._context.__exit__(None, None, None)

    async def _run(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        # The task is shielded and then cancelled once: anyio would cancel every await of its cleanup again.
        task = asyncio.create_task(function())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if self._is_left:
                raise RuntimeError(_LEFT) from None
            task.cancel()
            raise

    async def _cancel_all(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
