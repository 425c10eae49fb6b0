"""Read the elements of a page from a world that the page's own scripts cannot reach."""

import asyncio
import json
from typing import Any

from playwright.async_api import CDPSession

from linkskipper.resolver.browser.errors import BROKEN
from linkskipper.resolver.pages.parse_cost import MAX_TAGS

MAX_CHARACTERS = 4 * 1024 * 1024
MAX_DOCUMENTS = 50  # of one page. Each takes 200 KB here once it is parsed, however small it is
POLL_SECONDS = 0.05
_ATTEMPTS = 5

# Frames of the page's own origin are read too, since a CAPTCHA may be in one. The limits hold for all documents
# together. Documents after the first ones are not read. Too many elements are not written out: they would be rejected
# once they are parsed here.
_READ = f"""(() => {{
  let left = {MAX_CHARACTERS}, elements = {MAX_TAGS};
  const found = [], open = [document];
  while (open.length && found.length < {MAX_DOCUMENTS}) {{
    const root = open.shift().documentElement;
    elements -= root ? root.getElementsByTagName("*").length : 1;
    if (elements < 0) return null;
    const html = root ? root.outerHTML : "";
    left -= html.length;
    if (left < 0) return null;
    found.push(html);
    for (const frame of root ? root.querySelectorAll("iframe, frame") : [])
      if (frame.contentDocument) open.push(frame.contentDocument);
  }}
  return found;
}})()"""


_UNTIL = f"""new Promise(done => {{
  const look = () => {{
    const found = (%s)(%s);
    if (found) done(found); else setTimeout(look, {POLL_SECONDS * 1000:.0f});
  }};
  look();
}})"""


class Dom:
    """The document that a frame shows at present. The methods raise Playwright's errors if it cannot be read."""

    def __init__(self, session: CDPSession, frame: str) -> None:
        self._session = session
        self._frame = frame
        self._world: int | None = None

    def reset(self) -> None:
        """Note that the frame shows another document."""
        self._world = None

    async def read(self) -> list[str] | None:
        """Return the HTML of the page and of its frames of the same origin, or None if it is too large."""
        documents: list[str] | None = await self._evaluate_with_retries(_READ)
        return documents

    async def find(self, function: str, argument: str) -> Any:
        """Return the result of a JavaScript function."""
        return await self._evaluate_with_retries(f"({function})({json.dumps(argument)})")

    async def find_within(self, seconds: float, function: str, argument: str) -> Any:
        """Return the result of a JavaScript function once it is truthy, on whatever page is shown then.

        Return None if it is not in time.
        """
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        return await self._evaluate(_UNTIL % (function, json.dumps(argument)))
                    except BROKEN:
                        self.reset()
                        await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            return None

    async def _evaluate_with_retries(self, expression: str) -> Any:
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._evaluate(expression)
            except BROKEN:  # the frame shows another page now
                self.reset()
        return await self._evaluate(expression)

    async def _evaluate(self, expression: str) -> Any:
        if self._world is None:
            world = await self._session.send(
                "Page.createIsolatedWorld", {"frameId": self._frame, "worldName": "linkskipper"}
            )
            self._world = world["executionContextId"]
        command = {"expression": expression, "contextId": self._world, "returnByValue": True, "awaitPromise": True}
        reply: dict[str, Any] = await self._session.send("Runtime.evaluate", command)
        return reply["result"].get("value")
