"""The browser engine: a Chromium behind the filtering proxy, for pages that only their own scripts lead on from.

Playwright is an optional extra. Nothing here imports it until a link needs a browser.
"""

from linkskipper.resolver.browser.find import MISSING, find_browser
from linkskipper.resolver.browser.lazy import LazyBrowser
from linkskipper.resolver.browser.options import BrowserOptions

__all__ = ["MISSING", "BrowserOptions", "LazyBrowser", "find_browser"]
