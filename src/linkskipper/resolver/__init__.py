"""The resolver: follows short links without contacting their destination. It knows no database."""

from linkskipper.resolver.errors import ProviderAtCapacity, Stop, Unsupported
from linkskipper.resolver.limits import InProcessLimiter, ProviderLimiter
from linkskipper.resolver.navigation import OnHop
from linkskipper.resolver.pages.stop_rules import TRANSIENT
from linkskipper.resolver.parse_link import ParsedLink, parse_link
from linkskipper.resolver.pasted_text import find_url, split_links
from linkskipper.resolver.reader import PageReader
from linkskipper.resolver.reasons import REASONS, Reason, ReasonRule
from linkskipper.resolver.resolver import LinkResolver, StepRunner
from linkskipper.resolver.result import Hop, LinkFailed, LinkInvalid, Mechanism, NotResolved, Resolution
from linkskipper.version import VERSION

USER_AGENT = f"LinkSkipper/{VERSION}"

__all__ = [
    "REASONS",
    "TRANSIENT",
    "USER_AGENT",
    "Hop",
    "InProcessLimiter",
    "LinkFailed",
    "LinkInvalid",
    "LinkResolver",
    "Mechanism",
    "NotResolved",
    "OnHop",
    "PageReader",
    "ParsedLink",
    "ProviderAtCapacity",
    "ProviderLimiter",
    "Reason",
    "ReasonRule",
    "Resolution",
    "StepRunner",
    "Stop",
    "Unsupported",
    "find_url",
    "parse_link",
    "split_links",
]
