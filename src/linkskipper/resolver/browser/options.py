"""The operator's settings for the browser."""

from dataclasses import dataclass
from pathlib import Path

_LINKS_TOGETHER = 8
_LEAST_MEMORY = 400 * 1024**2  # an idle browser with its driver takes about half of it


@dataclass(frozen=True, slots=True)
class BrowserOptions:
    """How to run the browser.

    Attributes:
        executable: The Chromium to start.
        user_agent: The User-Agent that it sends.
        contexts: Links that may be open at a time.
        links: Links after which a browser is replaced.
        memory: The bytes that all browsers may take together. The largest one is killed when they take more.
        extra_ca: A PEM file with certificate authorities to trust besides the system's.
        extra_ca_names: The names that these authorities may vouch for, or None for every name.
        sandbox: Whether Chromium must run in its sandbox.
    """

    executable: Path
    user_agent: str
    contexts: int = 16
    links: int = 500
    memory: int = 2 * 1024**3
    extra_ca: Path | None = None
    extra_ca_names: tuple[str, ...] | None = None
    sandbox: bool = True

    @property
    def browsers(self) -> int:
        """The number of browsers among which the links are divided: a page takes only the links of its own down."""
        return max(1, min(-(-self.contexts // _LINKS_TOGETHER), self.memory // _LEAST_MEMORY))

    @property
    def links_together(self) -> int:
        """The links that one browser may have open at a time."""
        return -(-self.contexts // self.browsers)

    @property
    def browser_memory(self) -> int:
        """The bytes that one browser may take."""
        return self.memory if self.browsers == 1 else self.memory * 3 // 4

    @property
    def page_memory(self) -> int:
        """The bytes that the process of one page may take."""
        return self.memory // 2

    @property
    def process_memory(self) -> int:
        """The bytes that any process may ask the system for. Some ask for several hundred MiB that they never use."""
        return self.page_memory + 1024**3
