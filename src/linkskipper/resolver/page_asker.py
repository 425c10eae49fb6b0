"""Ask about the pages of one link: small pages here, large ones in a process that reads pages."""

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from linkskipper.resolver.deadline import Deadline
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.selector_cost import is_costly
from linkskipper.resolver.reader import PageReader
from linkskipper.resolver.reasons import Reason

P = ParamSpec("P")
T = TypeVar("T")
READING_SECONDS = 2.0
"""The processor time that reading the large pages of one link may take."""

LEAST_READING_SECONDS = 0.01  # a timer of zero seconds would never ring


class PageAsker:
    """Calls functions with pages. All large pages of a link share READING_SECONDS."""

    def __init__(self, reader: PageReader, deadline: Deadline) -> None:
        self._reader = reader
        self._deadline = deadline
        self._seconds = READING_SECONDS

    async def ask(
        self, function: Callable[Concatenate[Page, P], T], page: Page, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function with a page, here if the page is small, else in a process that reads pages.

        Raises:
            Stop: The function raised it, or reading the pages of the link takes too long.
        """
        if page.is_small:
            return function(page, *args, **kwargs)
        return await self._ask_reader(function, page, *args, **kwargs)

    async def ask_by_selector(
        self,
        function: Callable[Concatenate[Page, str, P], T],
        page: Page,
        selector: str,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call a function with a page and a selector of a provider file, as `ask` does.

        A selector that may take long is matched in a process, however small the page is.
        """
        if is_costly(selector):
            return await self._ask_reader(function, page, selector, *args, **kwargs)
        return await self.ask(function, page, selector, *args, **kwargs)

    async def _ask_reader(
        self, function: Callable[Concatenate[Page, P], T], page: Page, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        try:
            async with asyncio.timeout_at(self._deadline.at):
                reading = await self._reader.call(function, page, self._seconds, *args, **kwargs)
        except TimeoutError:
            if self._deadline.remaining() > 0:  # this process stood still
                return await self._ask_reader(function, page, *args, **kwargs)
            raise Stop(Reason.TIMEOUT, f"The page of {page.url.host} was not read in time.") from None
        self._seconds = max(self._seconds - reading.seconds, LEAST_READING_SECONDS)
        result: T = reading.result
        return result
