"""Decide which addresses are public, by a pinned table (docs/explanation/egress-guard.md).

`ipaddress.is_global` and `is_private` are not used: they differ between Python versions, and they accept multicast,
NAT64, 6to4 and 168.63.129.16.
"""

import socket
from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_V4_DENIED = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",
    )
)
_V6_PUBLIC = IPv6Network("2000::/3")
_V6_DENIED = tuple(
    IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})  # RFC 5214, section 6.1: the upper half of the interface id
# Loopback, link-local and the metadata services of clouds. A range that happens to contain them does not open them.
_PROTECTED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
    )
)
_PROTECTED_V6 = tuple(
    IPv6Network(block)
    for block in ("::/127", "fe80::/10", "fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128", "2001::/32")
)
_ENDS_WITH_V4 = tuple(IPv6Network(block) for block in ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"))
_SIX_TO_FOUR = IPv6Network("2002::/16")
_MAPPED = IPv6Network("::ffff:0:0/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")  # RFC 8215: each network chooses where the IPv4 address stands
_LOCAL_NAT64_LENGTHS = (48, 56, 64)  # RFC 6052, section 2.2, besides 96


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address and unwrap IPv4-mapped IPv6. Return None for anything else, and for a scope id."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    return None if address.scope_id else address.ipv4_mapped or address


def deny_reason(address: str) -> str | None:
    """Return why the address must not be contacted, naming its range, or None if it is public."""
    parsed = parse_address(address)
    if parsed is None:
        return "not a plain address"
    return _deny_reason_v4(parsed) if isinstance(parsed, IPv4Address) else _deny_reason_v6(parsed)


def _deny_reason_v4(address: IPv4Address) -> str | None:
    return next((f"in {block}" for block in _V4_DENIED if address in block), None)


def _deny_reason_v6(address: IPv6Address) -> str | None:
    if address not in _V6_PUBLIC:
        return f"outside {_V6_PUBLIC}"
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return "an ISATAP interface id"
    return next((f"in {block}" for block in _V6_DENIED if address in block), None)


def client_network(address: str) -> str:
    """Return the network that counts as one client: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed) >> 64 << 64, 64)))


def is_protected(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an operator must name this address itself to open it, because a range does not suffice."""
    if isinstance(address, IPv4Address):
        return any(address in block for block in _PROTECTED_V4) or is_own(address)
    if any(map(is_protected, embedded_v4(address))):
        return True
    return any(address in block for block in _PROTECTED_V6) or is_own(address)


def contains_protected(network: IPv4Network | IPv6Network) -> bool:
    """Tell whether a range contains addresses that it does not open."""
    if isinstance(network, IPv4Network):
        return any(network.overlaps(block) for block in _PROTECTED_V4)
    return any(network.overlaps(block) for block in (*_PROTECTED_V6, *_ENDS_WITH_V4, _SIX_TO_FOUR))


def is_own(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an interface of this machine has the address: a socket can then be bound to it."""
    return _can_bind(str(address)) and not _can_bind_anything()


def _can_bind(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


@cache
def _can_bind_anything() -> bool:
    """Tell whether the system binds to addresses that it does not have (ip_nonlocal_bind). Nothing can be told then."""
    return _can_bind("192.0.2.1")


def embedded_v4(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that a router may send packets for this address to."""
    number = int(address)
    if address in _SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & 0xFFFF_FFFF)
    if number >> 32 & 0xFFFF_FFFF in _ISATAP or any(address in block for block in _ENDS_WITH_V4):
        yield IPv4Address(number & 0xFFFF_FFFF)
    if address in _LOCAL_NAT64:
        without_u = number >> 64 << 56 | number & (1 << 56) - 1  # an IPv4 address skips bits 64 to 71
        candidates = (IPv4Address(without_u >> 88 - length & 0xFFFF_FFFF) for length in _LOCAL_NAT64_LENGTHS)
        yield from (candidate for candidate in candidates if candidate not in _V4_DENIED[0])


def plain_network(text: str) -> IPv4Network | IPv6Network:
    """Parse an address or a range. That of IPv4-mapped addresses is one of IPv4, as `parse_address` reads them.

    Raises:
        ValueError: It is neither.
    """
    network = ip_network(text)
    if isinstance(network, IPv4Network) or not network.subnet_of(_MAPPED):
        return network
    return IPv4Network((int(network.network_address) & 0xFFFF_FFFF, network.prefixlen - _MAPPED.prefixlen))
