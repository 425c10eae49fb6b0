"""What the steps of a provider file do on a page that lives."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from linkskipper.catalog import Provider, Step
from linkskipper.catalog.steps import ClickStep, FollowStep, WaitForStep
from linkskipper.resolver.browser.dom import POLL_SECONDS
from linkskipper.resolver.browser.tab import Tab
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.result import Mechanism, Reason
from linkskipper.resolver.steps.runner import run_steps

SETTLE_SECONDS = 0.5  # how long a page that was clicked has to begin to move
OPTIONAL_SECONDS = 2  # how long an optional element has to appear

_IS_THERE = "selector => document.querySelector(selector) !== null"
_ENABLED = """const enabled = selector => [...document.querySelectorAll(selector)].filter(element =>
  !element.matches(":disabled, [aria-disabled=true] *, [aria-disabled=true]")
  && element.checkVisibility({visibilityProperty: true}));"""
_IS_ENABLED = f"selector => {{ {_ENABLED} return enabled(selector).length > 0; }}"
# The point to click at: one that is not under anything else. What is clicked opens here, not in a window of its own.
_POINT = f"""selector => {{
  {_ENABLED}
  for (const element of enabled(selector)) {{
    element.scrollIntoView({{block: "center", inline: "center", behavior: "instant"}});
    const box = element.getClientRects()[0];
    if (!box) continue;
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    if (!element.contains(document.elementFromPoint(x, y))) continue;
    for (const opener of [element.closest("a, area"), element.form]) if (opener) opener.target = "_self";
    if (element.formTarget) element.formTarget = "_self";
    return [x, y];
  }}
  return null;
}}"""


class BrowserSteps:
    """Runs steps on a tab. All its waiting together is no longer than the provider's `max_wait`."""

    def __init__(self, tab: Tab, provider: Provider) -> None:
        self._tab = tab
        self._patience = provider.limits.max_wait
        self._runners: dict[type[Step], Callable[[Any, Navigation], Awaitable[bool]]] = {
            FollowStep: self._follow,
            ClickStep: self._click,
            WaitForStep: self._wait_for,
        }

    async def run(self, visit: Navigation) -> None:
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
        if any(isinstance(step, ClickStep | WaitForStep) for step in visit.provider.steps):
            raise Stop(Reason.PROVIDER_CHANGED, f"After the last step, {visit.url.host} leads nowhere.")

    async def _follow(self, _: FollowStep, visit: Navigation) -> bool:
        """The page moves by itself; this only waits until it has come to rest."""
        while True:
            self._tab.moved.clear()
            await visit.load_checked()
            if not await self._moves_within(SETTLE_SECONDS):
                return True

    async def _click(self, step: ClickStep, visit: Navigation) -> bool:
        if step.wait_for is not None and not await self._found(visit, _IS_THERE, step, step.wait_for):
            return False
        point = await self._found(visit, _POINT, step, step.selector)
        if not point:
            return False
        self._tab.moved.clear()
        self._tab.mechanism = Mechanism.CLICK
        try:
            await self._tab.click(*point)
            await self._moves_within(SETTLE_SECONDS)
        finally:
            self._tab.mechanism = None
        return True

    async def _wait_for(self, step: WaitForStep, visit: Navigation) -> bool:
        if step.selector is not None:
            return bool(await self._found(visit, _IS_THERE, step, step.selector))
        await visit.load_checked()
        return await self._wait_for_url(step.url, optional=step.optional)

    async def _wait_for_url(self, pattern: Any, *, optional: bool) -> bool:
        began = monotonic()
        seconds = OPTIONAL_SECONDS if optional else self._patience
        while not pattern.search(self._tab.live.url):
            if monotonic() - began > seconds:
                return False
            await asyncio.sleep(POLL_SECONDS)
        self._patience -= monotonic() - began
        return True

    async def _found(self, visit: Navigation, function: str, step: ClickStep | WaitForStep, selector: str) -> Any:
        """What the function finds, once that is something, on a page past the stop rules before and after.

        False where there is nothing to wait for; raises Stop where it takes too long.
        """
        await visit.load_checked()
        if found := await self._tab.dom.find(function, selector):
            return found
        began = monotonic()
        seconds = OPTIONAL_SECONDS if step.optional else self._patience
        found = await self._tab.dom.find_within(seconds, function, selector)
        self._patience = max(self._patience - (monotonic() - began), 0)
        await visit.load_checked()
        return found or await self._given_up(step, selector)

    async def _given_up(self, step: ClickStep | WaitForStep, selector: str) -> bool:
        if step.optional or not await self._tab.dom.find(_IS_THERE, selector):
            return False
        if await self._tab.dom.find(_IS_ENABLED, selector):
            raise Stop(Reason.PROVIDER_CHANGED, f"What {selector} finds is under something else.")
        raise Stop(Reason.WAIT_TOO_LONG, f"What {selector} finds stays disabled.")

    async def _moves_within(self, seconds: float) -> bool:
        """Whether the page begins to move in that time."""
        try:
            async with asyncio.timeout(seconds):
                await self._tab.moved.wait()
        except TimeoutError:
            return False
        return True
