"""The resolver for programs: a plain call and an async one, without a server, a database or settings."""

import asyncio
import concurrent.futures
from contextlib import AsyncExitStack, ExitStack
from types import TracebackType
from typing import Self

from anyio.from_thread import BlockingPortal, start_blocking_portal

from linkskipper import resolver as engine
from linkskipper.catalog import Catalog
from linkskipper.egress import Client, Policy, Transport
from linkskipper.resolver import USER_AGENT, OnHop, Resolution
from linkskipper.resolver.browser import BrowserOptions, LazyBrowser, find_browser

Pending = concurrent.futures.Future[Resolution]

_LEFT = "this resolver was left while a link was under way"


class Resolver:
    """Finds where short links lead, and does not contact the target.

    `with` and `async with` keep connections from one link to the next. `catalog` holds the known shorteners, by default
    the built-in ones. `policy` says what may be contacted, by default public addresses on ports 80 and 443.
    `transport` answers requests, by default from the network (see `Replay`). With `generic`, the resolver recognizes
    unknown shorteners by their pages. Links that need a browser get one where the extra `browser` is installed, a
    Chromium is found, and no other transport is given.

    Raises:
        CatalogError: A provider file is wrong.
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
        self._threads = ExitStack()
        self._engine: engine.LinkResolver | None = None
        self._portal: BlockingPortal | None = None
        self._pending: set[Pending] = set()

    async def resolve(self, url: str, *, on_hop: OnHop | None = None) -> Resolution:
        """Find where a link leads. Call `on_hop` with each hop as it ends.

        What the link does raises nothing: the Resolution says it.

        Raises:
            RuntimeError: The resolver is left while the link is under way.
        """
        if self._portal is not None:
            return await self._await(self._begin(self._portal, url, on_hop))
        if self._engine is not None:
            return await self._resolve(url, on_hop)
        async with self._copy() as copy:
            return await copy.resolve(url, on_hop=on_hop)

    def resolve_sync(self, url: str, *, on_hop: OnHop | None = None) -> Resolution:
        """Do the same as a plain call, from any number of threads. Call `on_hop` in another thread.

        Raises:
            RuntimeError: The resolver is left while the link is under way, or was entered with `async with`.
        """
        if self._portal is not None:
            return self._wait(self._begin(self._portal, url, on_hop))
        if self._engine is not None:
            raise RuntimeError("this resolver was entered with async with: await its resolve()")
        with self._copy() as copy:
            return copy.resolve_sync(url, on_hop=on_hop)

    async def __aenter__(self) -> Self:
        self._require_not_entered()
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
        self._require_not_entered()
        portal = self._threads.enter_context(start_blocking_portal(name="linkskipper"))
        try:
            self._engine = portal.call(self._open)
        except BaseException:
            self._leave(portal)
            raise
        self._portal = portal
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        portal, self._portal, self._engine = self._portal, None, None
        if portal is not None:
            self._leave(portal)

    def _leave(self, portal: BlockingPortal) -> None:
        try:
            while self._pending:
                for pending in list(self._pending):
                    pending.cancel()
                concurrent.futures.wait(self._pending)
            portal.call(self._stack.aclose)
        finally:
            self._threads.close()

    def _begin(self, portal: BlockingPortal, url: str, on_hop: OnHop | None) -> Pending:
        pending = portal.start_task_soon(self._resolve, url, on_hop)
        self._pending.add(pending)
        pending.add_done_callback(self._pending.discard)
        return pending

    def _wait(self, pending: Pending) -> Resolution:
        try:
            return pending.result()
        except concurrent.futures.CancelledError:
            raise RuntimeError(_LEFT) from None
        except BaseException:
            pending.cancel()
            raise

    async def _await(self, pending: Pending) -> Resolution:
        try:
            return await asyncio.wrap_future(pending)
        except asyncio.CancelledError:
            if self._portal is None:
                raise RuntimeError(_LEFT) from None
            raise

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

    def _copy(self) -> "Resolver":
        return Resolver(catalog=self._catalog, policy=self._policy, transport=self._transport, generic=self._generic)

    def _require_not_entered(self) -> None:
        if self._engine is not None:
            raise RuntimeError("this resolver is entered already")
