"""Errors of requests outside.

EgressError
├── BadUrl               not a URL that this service fetches
│   └── ForeignScheme    a well-formed URL, but neither http nor https
├── Refused              the guard denied it
├── Unreachable          DNS, connection, TLS or protocol failed
│   └── Untrusted        the TLS certificate cannot be trusted
├── TimedOut             no complete answer in time
├── BodyTooLarge         over a limit, as sent or decoded
└── HeadersTooLarge      over a limit, in one field or in all

A client of the service must not be able to tell Refused from Unreachable
(docs/explanation/egress-guard.md).
"""

from linkskipper.errors import EgressError


class BadUrl(EgressError):
    """The text is not a URL that this service fetches. The message says why and does not repeat the text."""


class ForeignScheme(BadUrl):
    """A well-formed URL of another scheme, such as magnet:, tg: or file:. `href` is its canonical form."""

    def __init__(self, scheme: str, href: str) -> None:
        super().__init__(f"the scheme {scheme} is neither http nor https")
        self.scheme = scheme
        self.href = href


class Refused(EgressError):
    """The guard denied a host. `address` is the denied address, "" where the name itself was denied."""

    def __init__(self, host: str, address: str, reason: str) -> None:
        super().__init__(f"{host} is refused: {reason}")
        self.host = host
        self.address = address
        self.reason = reason


class Unreachable(EgressError):
    """DNS, connecting, TLS or HTTP itself failed, or the body ended early."""


class Untrusted(Unreachable):
    """The server's certificate is expired, for another name, or of an unknown authority."""


class TimedOut(EgressError):
    """Connecting or the whole fetch took longer than its limit.

    `had_full_time` is false where the caller had shortened the usual limit.
    """

    def __init__(self, message: str, *, had_full_time: bool = True) -> None:
        super().__init__(message)
        self.had_full_time = had_full_time


class BodyTooLarge(EgressError):
    """The body is over its limit, as sent or decoded."""


class HeadersTooLarge(EgressError):
    """One header field, or all of them together, are over their limit."""
