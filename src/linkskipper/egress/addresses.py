"""Decide which addresses are public, by a pinned table (docs/explanation/egress-guard.md).

`ipaddress.is_global` and `is_private` are not used: they differ between Python versions, and they accept multicast,
NAT64, 6to4 and 168.63.129.16.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

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
