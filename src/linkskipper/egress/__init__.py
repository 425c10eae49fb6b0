"""The one door out: every connection of this service to the world passes here, and the guard with it."""

from linkskipper.egress.addresses import refusal
from linkskipper.egress.charsets import UTF8, Charset
from linkskipper.egress.client import Client, Limits
from linkskipper.egress.cookies import Jar
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
from linkskipper.egress.exchange import Exchange, Transport
from linkskipper.egress.own import opened_to
from linkskipper.egress.policy import Policy, refused_name
from linkskipper.egress.proxy import BrowserProxy, Lane, LaneLimits
from linkskipper.egress.public import check_public_https
from linkskipper.egress.response import Response
from linkskipper.egress.urls import Url, canonical

__all__ = [
    "UTF8",
    "BadUrl",
    "BodyTooLarge",
    "BrowserProxy",
    "Charset",
    "Client",
    "Exchange",
    "ForeignScheme",
    "HeadersTooLarge",
    "Jar",
    "Lane",
    "LaneLimits",
    "Limits",
    "Policy",
    "Refused",
    "Response",
    "TimedOut",
    "Transport",
    "Unreachable",
    "Untrusted",
    "Url",
    "canonical",
    "check_public_https",
    "opened_to",
    "refusal",
    "refused_name",
]
