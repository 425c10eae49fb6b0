"""Errors inside the resolver. `LinkResolver.resolve` turns every `Stop` into a `Resolution`.

Stopped
├── Stop                  a stop rule ended the link
├── ProviderAtCapacity    the provider has no free slot at present
└── Unsupported           the text contains no link of a supported provider
"""

from linkskipper.catalog import Provider
from linkskipper.egress import MAX_URL
from linkskipper.errors import Stopped
from linkskipper.resolver.reasons import Reason


class Stop(Stopped):
    """A stop rule ended the link. `detail` is for people. The other members are as in `Resolution`."""

    def __init__(
        self, reason: Reason, detail: str, *, host_unresponsive: bool = False, service_failed: bool = False
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.host_unresponsive = host_unresponsive
        self.service_failed = service_failed


class ProviderAtCapacity(Stopped):
    """The provider has no free slot at present. The link may be tried again from its beginning."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(f"{provider.label} takes at most {provider.limits.at_once} links at a time.")
        self.provider = provider


class Unsupported(Stopped):
    """The text contains no link of a supported provider. The message says what to do."""


def url_too_long(host: str) -> Stop:
    """Return the error for a URL that is over the limit. The URL itself is not repeated."""
    return Stop(Reason.URL_TOO_LONG, f"{host} leads to a URL that is longer than {MAX_URL} characters.")
