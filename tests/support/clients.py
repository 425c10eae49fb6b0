"""Clients with the policy that a test asks for."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from linkskipper.egress import Client, FetchLimits, Policy

QUICK = FetchLimits(connect_seconds=2, fetch_seconds=5)


@dataclass
class Clients:
    """Makes clients, and closes them when the test is over."""

    stack: AsyncExitStack
    nameserver: str

    async def make(
        self,
        *,
        ports: Sequence[int] = (80, 443),
        allow: Sequence[str] = (),
        host_map: Sequence[str] = (),
        extra_ca: Path | None = None,
        limits: FetchLimits = QUICK,
    ) -> Client:
        """Open a client with this policy."""
        policy = Policy.parse(ports=map(str, ports), allow=allow, host_map=host_map, extra_ca=extra_ca)
        made = Client(policy, user_agent="Test/1", limits=limits, nameservers=[self.nameserver])
        return await self.stack.enter_async_context(made)
