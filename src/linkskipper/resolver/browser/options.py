"""The operator's settings for the browser."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BrowserOptions:
    """How to run the browser.

    Attributes:
        executable: The Chromium to start.
        user_agent: The User-Agent that it sends.
        contexts: Links that may be open at a time.
        links: Links after which the browser is replaced.
        memory: The bytes that its processes may take together. It is killed when they take more.
        extra_ca: A PEM file with certificate authorities to trust besides the system's.
    """

    executable: Path
    user_agent: str
    contexts: int = 16
    links: int = 500
    memory: int = 2 * 1024**3
    extra_ca: Path | None = None
