"""The page's elements as text, read where its own scripts cannot interfere."""

from typing import Any

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

MOST_CHARACTERS = 4 * 1024 * 1024
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


async def read_dom(session: CDPSession, frame: str) -> list[str] | None:
    """The HTML of the page, and of the frames in it of the same origin; None where it is too much.

    Raises Playwright's Error where the page cannot be read.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return await _read(session, frame)
        except PlaywrightError:  # the page moved on meanwhile
            continue
    return await _read(session, frame)


async def _read(session: CDPSession, frame: str) -> list[str] | None:
    world = await session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "linkskipper"})
    command = {"expression": _READ, "contextId": world["executionContextId"], "returnByValue": True}
    answer: dict[str, Any] = await session.send("Runtime.evaluate", command)
    value: list[str] | None = answer["result"].get("value")
    return value
