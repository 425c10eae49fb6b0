"""The guard: resolve a name, check its addresses, and connect to a checked one."""

import asyncio
import socket
from collections.abc import Sequence
from functools import partial

import aiodns
import aiohappyeyeballs

from linkskipper.egress.addresses import parse_address
from linkskipper.egress.errors import Refused, TimedOut, Unreachable
from linkskipper.egress.policy import Policy, name_deny_reason

HAPPY_EYEBALLS_SECONDS = 0.25  # RFC 8305, section 8

AddressInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]


class MappedAddress(str):
    """An address that the host map names for the host that is connected to.

    The type travels from the resolver to the socket, so that a mapped address is open to its own name only. The same
    address as a literal, or as the answer for another name, is a plain str, and the table decides.
    """

    __slots__ = ()


class GuardedResolver:
    """Resolves a name for each connection, and refuses it if any of its addresses is denied."""

    def __init__(self, policy: Policy, nameservers: Sequence[str] | None, timeout: float) -> None:
        self._policy = policy
        self._dns = aiodns.DNSResolver(nameservers=nameservers)
        self._timeout = timeout

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """Return the addresses that may be connected to.

        Raises:
            Refused: The name or one of its addresses is refused.
            Unreachable: The name has no address.
            TimedOut: No name server answered in time.
        """
        name = host.removesuffix(".")
        if entry := self._policy.mapping_for(name, port):
            return [_address_info(MappedAddress(entry.address), entry.address_port or port)]
        if reason := name_deny_reason(name):
            raise Refused(host, "", reason)
        addresses = await self._look_up(name)
        for address in addresses:
            if reason := self._policy.deny_reason(address, port):
                raise Refused(host, address, reason)
        return [_address_info(address, port) for address in addresses]

    async def _look_up(self, name: str) -> list[str]:
        try:
            async with asyncio.timeout(self._timeout):
                # The dot keeps the search domains of resolv.conf out.
                answer = await self._dns.getaddrinfo(f"{name}.", family=socket.AF_UNSPEC, type=socket.SOCK_STREAM)
        except aiodns.error.DNSError as error:
            raise Unreachable(f"{name} cannot be resolved: {error.args[-1]}") from None
        except TimeoutError:
            raise TimedOut(f"{name} was not resolved within {self._timeout} s") from None
        addresses = [node.addr[0].decode("ascii") for node in answer.nodes]
        if not addresses:
            raise Unreachable(f"{name} has no address")
        return addresses

    async def close(self) -> None:
        """Cancel the lookups under way."""
        await self._dns.close()


def guarded_socket(policy: Policy, info: AddressInfo) -> socket.socket:
    """Open a socket for an address. Every connection passes here, those to literal addresses too.

    Raises:
        Refused: The address is denied.
    """
    family, kind, protocol, _, (address, port, *_) = info
    if not isinstance(address, MappedAddress) and (reason := policy.deny_reason(address, port)):
        raise Refused(address, address, reason)
    return socket.socket(family, kind, protocol)


async def guarded_connect(policy: Policy, resolver: GuardedResolver, host: str, port: int) -> socket.socket:
    """Connect to a host through the guard.

    Raises:
        Refused: The name or an address is denied.
        Unreachable, TimedOut: The name cannot be resolved.
        OSError: No address can be connected to.
    """
    literal = parse_address(host) is not None
    addresses = [_address_info(host, port)] if literal else await resolver.resolve(host, port)
    return await aiohappyeyeballs.start_connection(
        addresses,
        happy_eyeballs_delay=HAPPY_EYEBALLS_SECONDS,
        socket_factory=partial(guarded_socket, policy),
    )


def _address_info(address: str, port: int) -> AddressInfo:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, 0, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port))
