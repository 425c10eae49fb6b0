"""What the operator decides about the browser."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BrowserOptions:
    """How the browser is run.

    `contexts` links are open in it at once; after `links` it is replaced, and also where its processes together pass
    `memory` bytes, for then it is killed.
    """

    executable: Path
    user_agent: str
    contexts: int = 16
    links: int = 500
    memory: int = 2 * 1024**3
    extra_ca: Path | None = None
