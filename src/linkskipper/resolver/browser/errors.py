"""The errors of Playwright, and of pages that are lost."""

from playwright.async_api import Error

BROKEN = (Error, ConnectionError, RuntimeError)
"""What Playwright raises: its own errors, and those of writing to a driver that has ended (RuntimeError by uvloop)."""


class PageCrashed(Exception):
    """The process of the page has ended."""


class TabLost(Exception):
    """The whole browser has ended, perhaps because of another page."""
