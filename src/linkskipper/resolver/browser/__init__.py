"""The browser engine: a Chromium behind the filtering proxy, for pages that only their own scripts lead on from.

Playwright is an optional extra. Nothing here imports it until a link needs a browser.
"""

from linkskipper.resolver.browser.find import MISSING, find_browser
from linkskipper.resolver.browser.lazy import LazyBrowser, try_start
from linkskipper.resolver.browser.options import BrowserOptions
from linkskipper.resolver.browser.user import browser_user

__all__ = ["MISSING", "BrowserOptions", "LazyBrowser", "browser_user", "find_browser", "try_start"]
