"""A browser engine that loads nothing until a link needs it."""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from linkskipper.egress import BrowserProxy, Policy
from linkskipper.resolver.browser.options import BrowserOptions
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.resolver import StepRunner

if TYPE_CHECKING:
    from linkskipper.resolver.browser.engine import BrowserEngine


class LazyBrowser:
    """Runs steps in a browser that starts with the first link. Use it as an async context manager in one loop."""

    def __init__(self, policy: Policy, options: BrowserOptions) -> None:
        self._policy = policy
        self._options = options
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._engine: StepRunner | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def run(self, navigation: Navigation) -> None:
        """Implement `StepRunner.run`."""
        await (await self._opened()).run(navigation)

    async def run_scripts(self, navigation: Navigation) -> None:
        """Implement `StepRunner.run_scripts`."""
        await (await self._opened()).run_scripts(navigation)

    async def _opened(self) -> StepRunner:
        async with self._opening:
            if self._engine is None:
                self._engine = await self._open()
            return self._engine

    async def _open(self) -> StepRunner:
        engine = await asyncio.to_thread(_load)  # it takes a third of a second, and other links go on
        proxy = await self._stack.enter_async_context(BrowserProxy(self._policy))
        return await self._stack.enter_async_context(engine(self._options, proxy))


def _load() -> "type[BrowserEngine]":
    from linkskipper.resolver.browser.engine import BrowserEngine  # noqa: PLC0415 - an optional extra

    return BrowserEngine


async def try_start(options: BrowserOptions) -> None:
    """Start a browser, and close it.

    Raises:
        Exception: As `Chromium.start` does.
    """
    from linkskipper.resolver.browser.chromium import Chromium  # noqa: PLC0415 - an optional extra

    chromium = await Chromium.start(options)
    await chromium.close()
