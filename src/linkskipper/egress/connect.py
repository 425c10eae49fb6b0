"""Apply the guard: check what a name resolves to, and every address that a socket is opened for."""

import asyncio
import socket
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import aiohappyeyeballs

from linkskipper.egress.addresses import parse_address
from linkskipper.egress.errors import Refused, TimedOut, Unreachable
from linkskipper.egress.policy import Policy, name_deny_reason

if TYPE_CHECKING:
    import aiodns

HAPPY_EYEBALLS_SECONDS = 0.25  # RFC 8305, section 8

AddressInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]


class MappedAddress(str):
    """An address that the host map gives for the name that is being connected to.

    Its type tells the socket that the resolver has mapped it. A mapped address is therefore open to its own name only:
    as a literal, or as the DNS answer for another name, it is a plain str, and the table decides.
    """

    __slots__ = ()


class GuardedResolver:
    """Resolves a name afresh for each connection. One denied address refuses the whole name."""

    def __init__(self, policy: Policy, nameservers: Sequence[str] | None, timeout: float) -> None:
        self._policy = policy
        self._nameservers = nameservers
        self._dns: aiodns.DNSResolver | None = None
        self._timeout = timeout

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """Return addresses that may be connected to.

        Raises:
            Refused: The guard denies the name or one of its addresses.
            Unreachable: The name has no address.
            TimedOut: No name server answered in time.
        """
        name = host.removesuffix(".")
        if mapping := self._policy.mapping_for(name, port):
            return [_address_info(MappedAddress(mapping.address), mapping.address_port or port)]
        if reason := name_deny_reason(name):
            raise Refused(host, "", reason)
        addresses = await self._look_up(name)
        for address in addresses:
            if reason := self._policy.deny_reason(address, port):
                raise Refused(host, address, reason)
        return [_address_info(address, port) for address in addresses]

    async def _look_up(self, name: str) -> list[str]:
        import aiodns  # noqa: PLC0415 - many links of the command line need no look-up

        if self._dns is None:
            self._dns = aiodns.DNSResolver(nameservers=self._nameservers)
        try:
            async with asyncio.timeout(self._timeout):
                # The dot keeps the search domains of resolv.conf out: a submitted name is always complete.
                answer = await self._dns.getaddrinfo(f"{name}.", family=socket.AF_UNSPEC, type=socket.SOCK_STREAM)
        except aiodns.error.DNSError as error:
            raise Unreachable(f"the name cannot be resolved: {error.args[-1]}") from None
        except TimeoutError:
            raise TimedOut(f"the name was not resolved within {self._timeout} s") from None
        addresses = [node.addr[0].decode("ascii") for node in answer.nodes]
        if not addresses:
            raise Unreachable("the name has no address")
        return addresses

    async def close(self) -> None:
        """Cancel the lookups that are in progress."""
        if self._dns is not None:
            await self._dns.close()


def guarded_socket(policy: Policy, info: AddressInfo) -> socket.socket:
    """Open a socket for the address that is about to be connected to.

    Every connection passes here. Literal addresses never reach a resolver, so a check there would not suffice.

    Raises:
        Refused: The guard denies the address.
    """
    family, kind, protocol, _, (address, port, *_) = info
    parsed = parse_address(address)
    if isinstance(address, MappedAddress) and parsed is not None:
        reason = policy.deny_list_reason(parsed)
    else:
        reason = policy.deny_reason(address, port)
    if reason is not None:
        raise Refused(address, address, reason)
    return socket.socket(family, kind, protocol)


async def guarded_connect(policy: Policy, resolver: GuardedResolver, host: str, port: int) -> socket.socket:
    """Connect to a host through the guard.

    Raises:
        Refused: The guard denies the name or an address.
        Unreachable: The name has no address.
        TimedOut: No name server answered in time.
        OSError: Connecting failed.
    """
    is_literal = parse_address(host) is not None
    addresses = [_address_info(host, port)] if is_literal else await resolver.resolve(host, port)
    return await aiohappyeyeballs.start_connection(
        addresses,
        happy_eyeballs_delay=HAPPY_EYEBALLS_SECONDS,
        socket_factory=partial(guarded_socket, policy),
    )


def _address_info(address: str, port: int) -> AddressInfo:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, 0, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port))
