"""One link's use of the browser's proxy: its rules, limits and connections."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from linkskipper.egress.errors import BodyTooLarge
from linkskipper.errors import EgressError


@dataclass(frozen=True, slots=True)
class ProxyLimits:
    """Limits for one link. `response_bytes` counts what all its sites send, on all connections together."""

    connect_seconds: float = 5.0
    response_bytes: int = 16 * 1024 * 1024
    connections: int = 64


DEFAULT_PROXY_LIMITS = ProxyLimits()


@dataclass(slots=True)
class ProxySession:
    """One link's access through the proxy, on a port of its own.

    Attributes:
        allows: Returns whether the link may connect to a host.
        limits: The limits of this link.
        server: The URL of the proxy for the browser.
        received: Bytes that the link's sites have sent so far.
        failures: Why an allowed host could not be reached, by host.
        on_overrun: Called when the sites have sent more than the limit.
        connections: The tasks that serve the browser's open connections.
        ended: Whether the link has ended. New connections are then closed at once.
    """

    allows: Callable[[str], bool]
    limits: ProxyLimits
    server: str = ""
    received: int = 0
    failures: dict[str, EgressError] = field(default_factory=dict)
    on_overrun: Callable[[], None] = lambda: None
    connections: set[asyncio.Task[None]] = field(default_factory=set)
    ended: bool = False

    def count(self, data: bytes) -> None:
        """Count bytes that a site has sent.

        Raises:
            BodyTooLarge: The sites have sent more than the limit.
        """
        self.received += len(data)
        if self.received > self.limits.response_bytes:
            self.on_overrun()
            raise BodyTooLarge("the sites of the link have sent more than the limit")
