"""Why a request to the outside got no usable response.

EgressError
├── BadUrl               the text is not a URL that this service fetches
│   ├── ForeignScheme    a well-formed URL that is neither http nor https
│   ├── HasCredentials   a URL with a user name or a password
│   └── UrlTooLong       over the length limit
├── Refused              the guard denied the address, the name or the port
├── Unreachable          DNS, connection, TLS or protocol failed
│   └── Untrusted        TLS: the certificate is not trusted
├── TimedOut             no complete response in time
├── BadProxyRequest      a request to the browser's proxy that no browser sends
├── BodyTooLarge         the body is over its limit, as sent or decoded
└── HeadersTooLarge      one header field, or all together, are over their limit

A client of the service must not be able to tell Refused from Unreachable (docs/explanation/egress-guard.md).
"""

from linkskipper.errors import EgressError


class BadUrl(EgressError):
    """The text is not a URL that this service fetches. The message says why and does not repeat the text."""


class ForeignScheme(BadUrl):
    """A well-formed URL of another scheme (magnet:, tg:, file:). `href` is its canonical form."""

    def __init__(self, scheme: str, href: str) -> None:
        super().__init__(f"the scheme {scheme} is neither http nor https")
        self.scheme = scheme
        self.href = href


class HasCredentials(BadUrl):
    """A URL with a user name or a password. `href` is its canonical form, `bare_href` is the same without them."""

    def __init__(self, href: str, bare_href: str) -> None:
        super().__init__("the URL contains a user name or password")
        self.href = href
        self.bare_href = bare_href


class UrlTooLong(BadUrl):
    """The URL is longer than `limit` characters."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the URL is longer than {limit} characters")
        self.limit = limit


class Refused(EgressError):
    """The guard denied a connection.

    `address` is the address that the guard denied, or "" where it denied the name or the port.
    """

    def __init__(self, host: str, address: str, reason: str) -> None:
        super().__init__(f"{host} is refused: {reason}")
        self.host = host
        self.address = address
        self.reason = reason


class Unreachable(EgressError):
    """DNS, connecting, TLS or HTTP failed, or the body ended early."""


class Untrusted(Unreachable):
    """The server's certificate has expired, is for another name, or comes from an unknown authority."""


class TimedOut(EgressError):
    """Connecting or the whole fetch took longer than its limit.

    `had_full_time` is false where the caller had shortened the usual limit.
    """

    def __init__(self, message: str, *, had_full_time: bool = True) -> None:
        super().__init__(message)
        self.had_full_time = had_full_time


class BadProxyRequest(EgressError):
    """The browser's proxy received a request that no browser sends."""


class BodyTooLarge(EgressError):
    """The body is over its limit, as sent or decoded."""


class HeadersTooLarge(EgressError):
    """One header field, or all of them together, are over their limit."""
