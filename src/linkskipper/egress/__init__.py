"""The only way out: every outbound connection of the service passes through this package and its guard."""

from linkskipper.egress.addresses import client_network, deny_reason
from linkskipper.egress.allow_rules import allow_urls
from linkskipper.egress.charsets import UTF8, Charset
from linkskipper.egress.client import Client
from linkskipper.egress.cookies import CookieJar
from linkskipper.egress.errors import (
    BadUrl,
    BodyTooLarge,
    ForeignScheme,
    HasCredentials,
    HeadersTooLarge,
    Refused,
    TimedOut,
    Unreachable,
    Untrusted,
    UrlTooLong,
)
from linkskipper.egress.limits import FetchLimits
from linkskipper.egress.policy import Policy, name_deny_reason
from linkskipper.egress.proxy.peers import can_find_peers, find_peer, socket_holder
from linkskipper.egress.proxy.server import BrowserProxy
from linkskipper.egress.proxy.session import ProxyLimits, ProxySession
from linkskipper.egress.public_urls import check_public_https
from linkskipper.egress.refusals import RefusalCounter, RefusalKind
from linkskipper.egress.response import Response, content_type_of, is_text
from linkskipper.egress.retry_after import MAX_RETRY_AFTER, read_retry_after
from linkskipper.egress.transport import Exchange, Transport
from linkskipper.egress.urls import MAX_URL, Url, parse_url, read_url

__all__ = [
    "MAX_RETRY_AFTER",
    "MAX_URL",
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
    "HasCredentials",
    "HeadersTooLarge",
    "Policy",
    "ProxyLimits",
    "ProxySession",
    "RefusalCounter",
    "RefusalKind",
    "Refused",
    "Response",
    "TimedOut",
    "Transport",
    "Unreachable",
    "Untrusted",
    "Url",
    "UrlTooLong",
    "allow_urls",
    "can_find_peers",
    "check_public_https",
    "client_network",
    "content_type_of",
    "deny_reason",
    "find_peer",
    "is_text",
    "name_deny_reason",
    "parse_url",
    "read_retry_after",
    "read_url",
    "socket_holder",
]
