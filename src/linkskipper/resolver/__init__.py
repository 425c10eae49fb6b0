"""URL in, Resolution out: follows short links without contacting where they lead. Knows no database."""

from importlib.metadata import version

from linkskipper.resolver.errors import ProviderAtCapacity, Stop, Unsupported
from linkskipper.resolver.limits import InProcessLimiter, ProviderLimiter
from linkskipper.resolver.resolver import Engine, Resolver
from linkskipper.resolver.result import (
    REASONS,
    Hop,
    LinkFailed,
    LinkInvalid,
    Mechanism,
    NotResolved,
    Reason,
    Resolution,
    Rule,
)
from linkskipper.resolver.urls.parse_link import Link, parse_link

USER_AGENT = f"LinkSkipper/{version('linkskipper')}"

__all__ = [
    "REASONS",
    "USER_AGENT",
    "Engine",
    "Hop",
    "InProcessLimiter",
    "Link",
    "LinkFailed",
    "LinkInvalid",
    "Mechanism",
    "NotResolved",
    "ProviderAtCapacity",
    "ProviderLimiter",
    "Reason",
    "Resolution",
    "Resolver",
    "Rule",
    "Stop",
    "Unsupported",
    "parse_link",
]
