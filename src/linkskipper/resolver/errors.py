"""What the resolver raises inside; its public call turns every Stop into a Resolution.

Stopped
├── Stop           a stop rule ended the link
├── Full           a provider has no place for another link just now
└── Unsupported    the text is no link of a supported provider
"""

from linkskipper.catalog import Provider
from linkskipper.errors import Stopped
from linkskipper.resolver.result import Reason


class Stop(Stopped):
    """A stop rule ended the link; the message is for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class ProviderAtCapacity(Stopped):
    """A provider has no place for another link just now; this one may be tried again from its beginning."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(f"{provider.label} takes no more than {provider.limits.at_once} links at once.")
        self.provider = provider


class Unsupported(Stopped):
    """The text holds no link of a supported provider; the message says what to do."""
