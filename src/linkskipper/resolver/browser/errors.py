"""What Playwright raises."""

from playwright.async_api import Error

# Its own errors; and what writing to its driver gives where that has died, the last of them under uvloop.
BROKEN = (Error, ConnectionError, RuntimeError)
