"""One link's use of the browser's proxy: its rules, limits and connections."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from linkskipper.egress.errors import BodyTooLarge, Unreachable
from linkskipper.egress.proxy.peers import Address
from linkskipper.errors import EgressError


@dataclass(frozen=True, slots=True)
class ProxyLimits:
    """Limits for one link.

    `response_bytes` counts what all its sites send on all connections together, and `request_bytes` what they receive.
    `connections` are those at the same time, and `all_connections` those of the whole link.
    """

    connect_seconds: float = 5.0
    response_bytes: int = 16 * 1024 * 1024
    request_bytes: int = 4 * 1024 * 1024
    connections: int = 64
    all_connections: int = 1000


DEFAULT_PROXY_LIMITS = ProxyLimits()


def admit_all(_theirs: Address, _ours: Address) -> bool:
    """Admit every client of the proxy."""
    return True


@dataclass(slots=True)
class ProxySession:
    """One link's access through the proxy, on a port of its own.

    Attributes:
        allows: Returns whether the link may connect to a host.
        admits: Tells by the addresses of both ends whether a connection to the proxy is that of the link's browser.
        limits: The limits of this link.
        server: The URL of the proxy for the browser.
        received: Bytes that the link's sites have sent so far.
        sent: Bytes that the link's sites have received so far.
        admitted: The connections of the browser so far.
        open: The connections of the browser that are open.
        strangers: The connections that other programs opened.
        failures: Why an allowed host could not be reached, by host.
        on_overrun: Called when the sites have sent or received more than the limit.
        connections: The tasks that serve open connections, those of other programs too.
        ended: Whether the link has ended. New connections are then closed at once.
    """

    allows: Callable[[str], bool]
    limits: ProxyLimits
    admits: Callable[[Address, Address], bool]
    server: str = ""
    received: int = 0
    sent: int = 0
    admitted: int = 0
    open: int = 0
    strangers: int = 0
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

    def count_sent(self, data: bytes) -> None:
        """Count bytes that a site receives.

        Raises:
            BodyTooLarge: The sites would receive more than the limit.
        """
        self.sent += len(data)
        if self.sent > self.limits.request_bytes:
            self.on_overrun()
            raise BodyTooLarge("the sites of the link would receive more than the limit")

    @contextmanager
    def admission(self) -> Iterator[None]:
        """Count a connection of the browser while it is open."""
        self.admitted += 1
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    def check_connections(self) -> None:
        """Check the number of connections.

        Raises:
            Unreachable: The link has too many.
        """
        if self.open > self.limits.connections or self.admitted > self.limits.all_connections:
            raise Unreachable("the link has too many connections")
