"""The resolver for programs: a plain call and an async one, with no server, no database and no settings."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from linkskipper import resolver as engine
from linkskipper.catalog import Catalog
from linkskipper.egress import Client, Policy, Transport
from linkskipper.resolver import USER_AGENT, OnHop, Resolution
from linkskipper.resolver.browser import BrowserOptions, LazyBrowser, find_browser

T = TypeVar("T")
_LEFT = "this resolver was left while a link was under way"


class Resolver:
    """Finds where short links lead, without contacting that; entered with `with` or `async with`, it keeps connections.

    `catalog` says what is known of shorteners (by default what is built in), `policy` what may be contacted (public
    addresses on the web's ports), `transport` what answers requests (the network; see `Replay`). With `generic`, links
    of shorteners that the catalogue does not know are recognised by their pages. Links that need a browser are led on
    in one where the extra `browser` is installed, a Chromium is found, and no other transport is given.

    Raises:
        CatalogError: a provider file is wrong.
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
        self._engine: engine.LinkResolver | None = None
        self._thread: _LoopThread | None = None

    async def resolve(self, url: str, *, on_hop: OnHop | None = None) -> Resolution:
        """Find where a link leads; `on_hop` is called with each hop as it ends.

        Never raises for anything that the link does: the Resolution says it.
        """
        if (thread := self._thread) is not None:
            return await asyncio.wrap_future(thread.begin(self._resolve(url, on_hop)))
        if self._engine is not None:
            return await self._resolve(url, on_hop)
        async with self._once() as once:
            return await once.resolve(url, on_hop=on_hop)

    def resolve_sync(self, url: str, *, on_hop: OnHop | None = None) -> Resolution:
        """The same as a plain call, from any thread, or from several at once; `on_hop` is called in another.

        Raises RuntimeError where the resolver is left meanwhile.
        """
        if (thread := self._thread) is not None:
            return thread.run(self._resolve(url, on_hop))
        if self._engine is not None:
            raise RuntimeError("this resolver was entered with async with: await its resolve()")
        with self._once() as once:
            return once.resolve_sync(url, on_hop=on_hop)

    async def __aenter__(self) -> Self:
        self._require_shut()
        try:
            self._engine = await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine = None
        await self._stack.aclose()

    def __enter__(self) -> Self:
        self._require_shut()
        self._thread = _LoopThread()
        try:
            self._engine = self._thread.run(self._open())
        except BaseException:
            self._leave_thread()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave_thread()

    def _leave_thread(self) -> None:
        thread, self._thread, self._engine = self._thread, None, None
        if thread is not None:
            thread.leave(self._stack.aclose())

    async def _open(self) -> engine.LinkResolver:
        if self._transport is not None:
            return engine.LinkResolver(self._catalog, self._transport, generic=self._generic)
        client = await self._stack.enter_async_context(Client(self._policy, user_agent=USER_AGENT))
        return engine.LinkResolver(self._catalog, client, browser=await self._open_browser(), generic=self._generic)

    async def _open_browser(self) -> engine.StepRunner | None:
        executable = find_browser()
        if executable is None:
            return None
        options = BrowserOptions(executable, USER_AGENT, extra_ca=self._policy.extra_ca)
        return await self._stack.enter_async_context(LazyBrowser(self._policy, options))

    async def _resolve(self, url: str, on_hop: OnHop | None) -> Resolution:
        if self._engine is None:
            raise RuntimeError(_LEFT)
        return await self._engine.resolve(url, on_hop=on_hop)

    def _once(self) -> "Resolver":
        return Resolver(catalog=self._catalog, policy=self._policy, transport=self._transport, generic=self._generic)

    def _require_shut(self) -> None:
        if self._engine is not None:
            raise RuntimeError("this resolver is entered already")


class _LoopThread:
    """An event loop in a thread of its own, for plain calls from any other."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lock = Lock()
        self._left = False
        self._thread = Thread(target=self._loop.run_forever, name="linkskipper", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start it there; raises RuntimeError, now or in the end, where the thread is left."""
        with self._lock:
            if self._left:
                work.close()
                raise RuntimeError(_LEFT)
            return asyncio.run_coroutine_threadsafe(self._noted(work), self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it there to its end; broken off here, it is broken off there."""
        future = self.begin(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def leave(self, ending: Coroutine[Any, Any, None]) -> None:
        """Break off what is under way there, run the ending, and end the loop and the thread."""
        with self._lock:
            self._left = True
        try:
            asyncio.run_coroutine_threadsafe(self._break_off(ending), self._loop).result()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _noted(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if self._left:
                raise RuntimeError(_LEFT) from None
            raise
        finally:
            self._tasks.discard(task)

    async def _break_off(self, ending: Coroutine[Any, Any, None]) -> None:
        under_way = list(self._tasks)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await ending
