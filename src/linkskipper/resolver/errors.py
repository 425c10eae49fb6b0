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
    """A stop rule ended the link; `detail` is for people. `host_unresponsive` is as in `Resolution`."""

    def __init__(self, reason: Reason, detail: str, *, host_unresponsive: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.host_unresponsive = host_unresponsive


class ProviderAtCapacity(Stopped):
    """A provider has no place for another link just now; this one may be tried again from its beginning."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(f"{provider.label} takes no more than {provider.limits.at_once} links at once.")
        self.provider = provider


class Unsupported(Stopped):
    """The text holds no link of a supported provider; the message says what to do."""
