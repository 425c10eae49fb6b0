"""The errors of Playwright, and of pages that are lost."""

from playwright.async_api import Error

BROKEN = (Error, ConnectionError, RuntimeError)
"""What Playwright raises: its own errors, and those of writing to a driver that has ended (RuntimeError by uvloop)."""


class TabLost(Exception):
    """The process of the page, or the whole browser, has ended."""
