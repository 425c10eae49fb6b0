"""URL in, Resolution out: follows short links without contacting where they lead. Knows no database."""

from importlib.metadata import version

from linkskipper.resolver.engine import Engine, Resolver
from linkskipper.resolver.errors import Full, Stop, Unsupported
from linkskipper.resolver.intake import Link, intake
from linkskipper.resolver.outcome import (
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
from linkskipper.resolver.turns import LocalTurns, Turns

USER_AGENT = f"LinkSkipper/{version('linkskipper')}"

__all__ = [
    "REASONS",
    "USER_AGENT",
    "Engine",
    "Full",
    "Hop",
    "Link",
    "LinkFailed",
    "LinkInvalid",
    "LocalTurns",
    "Mechanism",
    "NotResolved",
    "Reason",
    "Resolution",
    "Resolver",
    "Rule",
    "Stop",
    "Turns",
    "Unsupported",
    "intake",
]
