"""The page's elements, looked at where the page's own scripts cannot interfere."""

import asyncio
import json
from typing import Any

from playwright.async_api import CDPSession

from linkskipper.resolver.browser.errors import BROKEN

MOST_CHARACTERS = 4 * 1024 * 1024
POLL_SECONDS = 0.05
_ATTEMPTS = 5

# Frames of the page's own origin are read too: what stops a link may stand in one.
_READ = f"""(() => {{
  let left = {MOST_CHARACTERS};
  const found = [], open = [document];
  while (open.length) {{
    const root = open.shift().documentElement;
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
    """The document that a frame shows at the moment; raises Playwright's Error where it cannot be looked at."""

    def __init__(self, session: CDPSession, frame: str) -> None:
        self._session = session
        self._frame = frame
        self._world: int | None = None

    def forget(self) -> None:
        """Note that there is another document."""
        self._world = None

    async def read(self) -> list[str] | None:
        """The HTML of the page, and of the frames in it of the same origin; None where it is too much."""
        found: list[str] | None = await self._persistently(_READ)
        return found

    async def find(self, function: str, argument: str) -> Any:
        """What a JavaScript function gives for its argument."""
        return await self._persistently(f"({function})({json.dumps(argument)})")

    async def find_within(self, seconds: float, function: str, argument: str) -> Any:
        """The same once that is something true, on whatever page is there by then; None where it is not in time."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        return await self._evaluate(_UNTIL % (function, json.dumps(argument)))
                    except BROKEN:
                        self.forget()
                        await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            return None

    async def _persistently(self, expression: str) -> Any:
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._evaluate(expression)
            except BROKEN:  # the page has moved on meanwhile
                self.forget()
        return await self._evaluate(expression)

    async def _evaluate(self, expression: str) -> Any:
        if self._world is None:
            world = await self._session.send(
                "Page.createIsolatedWorld", {"frameId": self._frame, "worldName": "linkskipper"}
            )
            self._world = world["executionContextId"]
        command = {"expression": expression, "contextId": self._world, "returnByValue": True, "awaitPromise": True}
        answer: dict[str, Any] = await self._session.send("Runtime.evaluate", command)
        return answer["result"].get("value")
