"""What the steps of a provider file do on a page that lives."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from playwright.async_api import TimeoutError as PlaywrightTimeout

from linkskipper.catalog import Click, Follow, Provider, Step, WaitFor
from linkskipper.resolver.browser.tab import Tab
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.outcome import Mechanism, Reason
from linkskipper.resolver.steps import run_steps
from linkskipper.resolver.visit import Visit

SETTLE_SECONDS = 0.5  # how long a page that was clicked has to begin to move
OPTIONAL_SECONDS = 2  # how long an optional element has to appear
_POLL_MILLISECONDS = 50

# What can be clicked opens here, not in a window of its own: windows are closed.
_IS_ENABLED = """selector => {
  for (const element of document.querySelectorAll(selector)) {
    if (element.matches(":disabled") || !element.checkVisibility({visibilityProperty: true})) continue;
    for (const opener of [element.closest("a, area"), element.form]) if (opener) opener.target = "_self";
    if (element.formTarget) element.formTarget = "_self";
    return true;
  }
  return false;
}"""
_IS_THERE = "selector => document.querySelector(selector) !== null"


class Hands:
    """Runs steps on a tab. All its waiting together is no longer than the provider's `max_wait`."""

    def __init__(self, tab: Tab, provider: Provider) -> None:
        self._tab = tab
        self._patience = provider.limits.max_wait
        self._runners: dict[type[Step], Callable[[Any, Visit], Awaitable[bool]]] = {
            Follow: self._follow,
            Click: self._click,
            WaitFor: self._wait_for,
        }

    async def run(self, visit: Visit) -> None:
        """Run the provider's steps, then give the page what is left of the time to lead on by itself; raises Stop."""
        await run_steps(visit, self._runners)
        if visit.target is not None or self._tab.is_elsewhere:
            return
        until = monotonic() + self._patience
        while (seconds := until - monotonic()) > 0:
            self._tab.moved.clear()
            await visit.load_checked()
            await self._moves_within(seconds)
        visit.page = await visit.load_checked()
        if any(isinstance(step, Click | WaitFor) for step in visit.provider.steps):
            raise Stop(Reason.PROVIDER_CHANGED, f"After the last step, {visit.url.host} leads nowhere.")

    async def _follow(self, _: Follow, visit: Visit) -> bool:
        """The page moves by itself; this only waits until it has come to rest."""
        while True:
            self._tab.moved.clear()
            await visit.load_checked()
            if not await self._moves_within(SETTLE_SECONDS):
                return True

    async def _click(self, step: Click, visit: Visit) -> bool:
        await visit.load_checked()
        if step.wait_for is not None and not await self._wait(_IS_THERE, step.wait_for, optional=step.optional):
            return False
        if not await self._wait(_IS_ENABLED, step.selector, optional=step.optional):
            return False
        await visit.load_checked()  # for what came up meanwhile
        self._tab.moved.clear()
        self._tab.mechanism = Mechanism.CLICK
        try:
            await self._tab.live.click(f"css=:is({step.selector}):not(:disabled):visible", timeout=self._milliseconds())
            await self._moves_within(SETTLE_SECONDS)
        except PlaywrightTimeout:
            raise Stop(Reason.PROVIDER_CHANGED, f"What {step.selector} finds cannot be clicked.") from None
        finally:
            self._tab.mechanism = None
        return True

    async def _wait_for(self, step: WaitFor, visit: Visit) -> bool:
        await visit.load_checked()
        if step.selector is not None:
            return await self._wait(_IS_THERE, step.selector, optional=step.optional)
        return await self._wait_for_url(step.url, optional=step.optional)

    async def _wait_for_url(self, pattern: Any, *, optional: bool) -> bool:
        began = monotonic()
        seconds = OPTIONAL_SECONDS if optional else self._patience
        while not pattern.search(self._tab.live.url):
            if monotonic() - began > seconds:
                return False
            await asyncio.sleep(_POLL_MILLISECONDS / 1000)
        self._patience -= monotonic() - began
        return True

    async def _wait(self, condition: str, selector: str, *, optional: bool) -> bool:
        """Wait until the condition holds; False where there is nothing to wait for, Stop where it takes too long."""
        began = monotonic()
        milliseconds = OPTIONAL_SECONDS * 1000 if optional else self._milliseconds()
        try:
            await self._tab.live.wait_for_function(
                condition, arg=selector, polling=_POLL_MILLISECONDS, timeout=milliseconds
            )
        except PlaywrightTimeout:
            if optional or not await self._tab.live.query_selector(f"css={selector}"):
                return False
            raise Stop(Reason.WAIT_TOO_LONG, f"What {selector} finds stays disabled.") from None
        finally:
            self._patience = max(self._patience - (monotonic() - began), 0)
        return True

    async def _moves_within(self, seconds: float) -> bool:
        """Whether the page begins to move in that time."""
        try:
            async with asyncio.timeout(seconds):
                await self._tab.moved.wait()
        except TimeoutError:
            return False
        return True

    def _milliseconds(self) -> float:
        return max(self._patience * 1000, 1)  # Playwright takes 0 for for ever
