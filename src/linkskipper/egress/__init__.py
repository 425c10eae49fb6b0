"""The one door out: every connection of this service to the world passes here, and the guard with it."""

from linkskipper.egress.addresses import deny_reason
from linkskipper.egress.allow_rules import allow_urls
from linkskipper.egress.charsets import UTF8, Charset
from linkskipper.egress.client import Client, FetchLimits
from linkskipper.egress.cookies import CookieJar
from linkskipper.egress.errors import (
    BadUrl,
    BodyTooLarge,
    ForeignScheme,
    HeadersTooLarge,
    Refused,
    TimedOut,
    Unreachable,
    Untrusted,
)
from linkskipper.egress.policy import Policy, name_deny_reason
from linkskipper.egress.proxy.server import BrowserProxy, ProxyLimits, ProxySession
from linkskipper.egress.public_urls import check_public_https
from linkskipper.egress.response import Response
from linkskipper.egress.retry_after import MAX_RETRY_AFTER, read_retry_after
from linkskipper.egress.transport import Exchange, Transport
from linkskipper.egress.urls import Url, parse_url

__all__ = [
    "MAX_RETRY_AFTER",
    "UTF8",
    "BadUrl",
    "BodyTooLarge",
    "BrowserProxy",
    "Charset",
    "Client",
    "CookieJar",
    "Exchange",
    "FetchLimits",
    "ForeignScheme",
    "HeadersTooLarge",
    "Policy",
    "ProxyLimits",
    "ProxySession",
    "Refused",
    "Response",
    "TimedOut",
    "Transport",
    "Unreachable",
    "Untrusted",
    "Url",
    "allow_urls",
    "check_public_https",
    "deny_reason",
    "name_deny_reason",
    "parse_url",
    "read_retry_after",
]
