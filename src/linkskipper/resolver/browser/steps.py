"""Run the steps of provider files on a page in the browser."""

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
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.questions import has_timer
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.steps.runner import run_steps

SETTLE_SECONDS = 0.5  # after a click, for the page to begin to load another
SCRIPT_SECONDS = 3  # for the scripts of a page to open another, if none of them waits
OPTIONAL_SECONDS = 2  # for an optional element to appear

_EXISTS = "selector => document.querySelector(selector) !== null"
_ENABLED = """const enabled = selector => [...document.querySelectorAll(selector)].filter(element =>
  !element.matches(":disabled, [aria-disabled=true] *, [aria-disabled=true]")
  && element.checkVisibility({visibilityProperty: true}));"""
_IS_DISABLED = """selector =>
  document.querySelector(selector).matches(":disabled, [aria-disabled=true] *, [aria-disabled=true]")"""
_IS_ENABLED = f"selector => {{ {_ENABLED} return enabled(selector).length > 0; }}"
# Find a point of the element that no other element covers. The link or form opens here, not in a new window.
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

# Some pages enable their button once the visitor has seen the end of them.
_POINT_AFTER_SCROLL = f"""selector => {{
  window.scrollTo({{top: document.documentElement.scrollHeight, behavior: "instant"}});
  return ({_POINT})(selector);
}}"""


class BrowserSteps:
    """Runs steps in a tab. All its waiting together takes at most the provider's `max_wait`."""

    def __init__(self, tab: Tab, provider: Provider) -> None:
        self._tab = tab
        self._patience = provider.limits.max_wait
        self._functions: dict[type[Step], Callable[[Any, Navigation], Awaitable[bool]]] = {
            FollowStep: self._follow,
            ClickStep: self._click,
            WaitForStep: self._wait_for,
        }

    async def run(self, navigation: Navigation) -> None:
        """Run the provider's steps, and then wait for the page to lead on by itself while there is time.

        Raises:
            Stop: The link ends.
        """
        await run_steps(navigation, self._functions)
        if navigation.target is not None or self._tab.frame.is_elsewhere:
            return
        until = monotonic() + self._patience - navigation.deadline.lost
        while (seconds := until + navigation.deadline.lost - monotonic()) > 0:
            self._tab.frame.moved.clear()
            page = await navigation.load_checked(any_status=True)
            await self._check_status(navigation, page)
            has_opened_app = self._tab.frame.app_url != "" and not await _may_take_long(navigation, page)
            seconds = min(seconds, SCRIPT_SECONDS) if has_opened_app else seconds
            if not await self._moves_within(seconds, navigation) and has_opened_app:
                break
        if self._tab.frame.follow_app_url():
            return
        navigation.page = await navigation.load_checked()
        if any(isinstance(step, ClickStep | WaitForStep) for step in navigation.provider.steps):
            raise Stop(Reason.PROVIDER_CHANGED, f"After the last step, {navigation.url.host} leads nowhere.")

    async def run_scripts(self, navigation: Navigation) -> None:
        """Wait until the page no longer moves by itself. Follow its refresh if that would take too long.

        Raises:
            Stop: The link ends.
        """
        while True:
            self._tab.frame.moved.clear()
            page = await navigation.load_checked(any_status=True)
            seconds = self._patience if await _may_take_long(navigation, page) else min(SCRIPT_SECONDS, self._patience)
            began = monotonic()
            if not await self._moves_within(seconds, navigation):
                break
            self._patience = max(self._patience - (monotonic() - began), 0)
        navigation.page = await navigation.load_checked(any_status=True)
        if not navigation.follow_first((await navigation.page_moves(navigation.page)).refreshes):
            self._tab.frame.follow_app_url()

    async def _follow(self, _: FollowStep, navigation: Navigation) -> bool:
        """Wait until the page no longer moves by itself."""
        while True:
            self._tab.frame.moved.clear()
            page = await navigation.load_checked(any_status=True)
            if not await self._moves_within(SETTLE_SECONDS, navigation):
                await self._check_status(navigation, page)
                return True

    async def _check_status(self, navigation: Navigation, page: Page) -> None:
        """Apply the status of a page if nothing on the page leads to another URL."""
        moves = await navigation.page_moves(page)
        if not moves.candidates and not moves.unread:
            await navigation.check_status(page)

    async def _click(self, step: ClickStep, navigation: Navigation) -> bool:
        if step.wait_for is not None and not await self._wait_until(navigation, _EXISTS, step, step.wait_for):
            return False
        find_point = _POINT_AFTER_SCROLL if step.scroll else _POINT
        point = await self._wait_until(navigation, find_point, step, step.selector)
        if not point:
            return False
        self._tab.frame.moved.clear()
        self._tab.frame.mechanism = Mechanism.CLICK
        try:
            await self._tab.click(*point)
            await self._moves_within(SETTLE_SECONDS, navigation)
        finally:
            self._tab.frame.mechanism = None
        return True

    async def _wait_for(self, step: WaitForStep, navigation: Navigation) -> bool:
        if step.selector is not None:
            return bool(await self._wait_until(navigation, _EXISTS, step, step.selector))
        await navigation.load_checked()
        return await self._wait_for_url(step.url, optional=step.optional)

    async def _wait_for_url(self, pattern: Any, *, optional: bool) -> bool:
        began = monotonic()
        seconds = OPTIONAL_SECONDS if optional else self._patience
        while not pattern.search(self._tab.url):
            if monotonic() - began > seconds:
                return False
            await asyncio.sleep(POLL_SECONDS)
        self._patience -= monotonic() - began
        return True

    async def _wait_until(
        self, navigation: Navigation, function: str, step: ClickStep | WaitForStep, selector: str
    ) -> Any:
        """Return the result of a function once it is truthy. The stop rules apply before and after the wait.

        Return False if there is nothing to wait for.

        Raises:
            Stop: A stop rule ends the link, or the wait takes too long.
        """
        await navigation.load_checked()
        if result := await self._tab.dom.find(function, selector):
            return result
        began = monotonic()
        seconds = OPTIONAL_SECONDS if step.optional else self._patience
        result = await self._tab.dom.find_within(seconds, function, selector)
        self._patience = max(self._patience - (monotonic() - began), 0)
        await navigation.load_checked()
        return result or await self._give_up(step, selector)

    async def _give_up(self, step: ClickStep | WaitForStep, selector: str) -> bool:
        if step.optional or not await self._tab.dom.find(_EXISTS, selector):
            return False
        if await self._tab.dom.find(_IS_ENABLED, selector):
            raise Stop(Reason.PROVIDER_CHANGED, f"Another element covers the element {selector}.")
        state = "disabled" if await self._tab.dom.find(_IS_DISABLED, selector) else "hidden"
        raise Stop(Reason.WAIT_TOO_LONG, f"The element {selector} stays {state}.")

    async def _moves_within(self, seconds: float, navigation: Navigation) -> bool:
        """Return whether the page begins to load another one in this time. Wait again if this process stood still."""
        lost_before = navigation.deadline.lost
        try:
            async with asyncio.timeout(seconds):
                await self._tab.frame.moved.wait()
        except TimeoutError:
            return navigation.deadline.lost > lost_before and await self._moves_within(seconds, navigation)
        return True


async def _may_take_long(navigation: Navigation, page: Page) -> bool:
    """Return whether a page says that it waits before it leads to the next URL."""
    return await navigation.ask(has_timer, page) or bool((await navigation.page_moves(page)).refreshes)
