"""What the resolver raises inside; its public call turns every Stop into a Resolution.

Stopped
├── Stop           a stop rule ended the link
└── Unsupported    the text is no link of a supported provider
"""

from linkskipper.errors import Stopped
from linkskipper.resolver.outcome import Reason


class Stop(Stopped):
    """A stop rule ended the link; the message is for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Unsupported(Stopped):
    """The text holds no link of a supported provider; the message says what to do."""
