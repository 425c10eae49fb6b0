"""Decide what may be contacted: public addresses on the allowed ports, and what the operator opens."""

import re
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Self

from linkskipper.egress.addresses import (
    contains_protected,
    deny_reason,
    embedded_v4,
    is_own,
    is_protected,
    parse_address,
    plain_network,
)
from linkskipper.egress.refusals import RefusalCounter
from linkskipper.errors import SettingsError

_MAX_PORT = 65535
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(.*))?")
_WIDE_V4 = 2**16
_WIDE_V6 = 2**64
_EXACT = 16  # addresses in a range that opens protected ones too
_LOCAL_ZONES = ("localhost", "internal", "local")


@dataclass(frozen=True, slots=True)
class AllowRule:
    """Addresses that are open although the table denies them.

    A range of more than 16 addresses keeps loopback, metadata services and the machine's own addresses closed. The rule
    holds for `port` alone, or for the policy's allowed ports where `port` is None.
    """

    network: IPv4Network | IPv6Network
    port: int | None


@dataclass(frozen=True, slots=True)
class HostMapping:
    """The address to use for a name instead of asking DNS. A port of None stands for the URL's own port."""

    name: str
    name_port: int | None
    address: str
    address_port: int | None


@dataclass(frozen=True)
class Policy:
    """The rules of the guard. A rule or mapping that names a port opens that port for itself alone.

    Attributes:
        ports: The ports that are open on every public address.
        allow: Addresses that are open besides the public ones.
        deny: Addresses that are closed, even if something else opens them.
        host_map: Names that lead to fixed addresses.
        extra_ca: A PEM file with certificate authorities to trust for mapped names and addresses in `allow`.
        refusals: Counts what the guard refuses by this policy.
    """

    ports: frozenset[int] = frozenset({80, 443})
    allow: tuple[AllowRule, ...] = ()
    deny: tuple[IPv4Network | IPv6Network, ...] = ()
    host_map: tuple[HostMapping, ...] = ()
    extra_ca: Path | None = None
    refusals: RefusalCounter = field(default_factory=RefusalCounter, compare=False, repr=False)

    @classmethod
    def parse(
        cls,
        *,
        ports: Iterable[str],
        allow: Iterable[str],
        host_map: Iterable[str],
        extra_ca: Path | None,
        deny: Iterable[str] = (),
    ) -> Self:
        """Parse the operator's settings.

        Raises:
            SettingsError: An item is wrong. The message names the first one.
        """
        if extra_ca is not None:
            _check_ca(extra_ca)
        return cls(
            ports=frozenset(_parse_port(item, item) for item in ports),
            allow=tuple(_parse_rule(item) for item in allow),
            deny=tuple(_parse_network(item) for item in deny),
            host_map=tuple(_parse_mapping(item) for item in host_map),
            extra_ca=extra_ca,
        )

    def mapping_for(self, name: str, port: int) -> HostMapping | None:
        """Return the mapping of a name. A mapping for this port wins over one for any port."""
        mappings = [entry for entry in self.host_map if entry.name == name and self._covers(entry.name_port, port)]
        return min(mappings, key=lambda entry: entry.name_port is None, default=None)

    def deny_reason(self, address: str, port: int) -> str | None:
        """Return why this address and port must not be connected to, or None if they may be."""
        parsed = parse_address(address)
        if parsed is None:
            return "not a plain address"
        if reason := self.deny_list_reason(parsed):
            return reason
        reason = deny_reason(address) or (None if port in self.ports else f"port {port} is not allowed")
        if reason is None and is_own(parsed):
            reason = "an address of this machine"
        return None if reason is None or self._is_allowed(parsed, port) else reason

    def deny_list_reason(self, address: IPv4Address | IPv6Address) -> str | None:
        """Return the range of the deny-list that contains an address, or an IPv4 address that is embedded in it.

        It overrides everything that opens addresses.
        """
        if not self.deny:
            return None
        spellings = (address, *embedded_v4(address)) if isinstance(address, IPv6Address) else (address,)
        shut = (network for network in self.deny if any(spelling in network for spelling in spellings))
        return next((f"in {network} of the deny-list" for network in shut), None)

    def is_exception(self, name: str, address: str, port: int) -> bool:
        """Tell whether the operator opened this way: by a mapping of the name, or for the address."""
        parsed = parse_address(address)
        return self.mapping_for(name, port) is not None or (parsed is not None and self._is_allowed(parsed, port))

    @property
    def names_of_extra_ca(self) -> tuple[str, ...] | None:
        """The names that the extra CA may vouch for. None if they are not known, because whole addresses are open."""
        return None if self.allow else tuple(sorted({mapping.name for mapping in self.host_map}))

    def wide_ranges(self) -> Iterator[str]:
        """Yield the ranges that open more than an operator may expect, or less."""
        for rule in self.allow:
            network = rule.network
            is_wide = network.num_addresses > (_WIDE_V4 if network.version == 4 else _WIDE_V6)  # noqa: PLR2004 - IPv4
            if is_wide or (not _is_exact(rule) and contains_protected(network)):
                yield str(network)

    def port_deny_reason(self, port: int) -> str | None:
        """Return why no address at all may be contacted on this port, or None if one may be."""
        return None if port in self._open_ports else f"port {port} is not allowed"

    @cached_property
    def _open_ports(self) -> frozenset[int | None]:
        return self.ports.union((rule.port for rule in self.allow), (entry.name_port for entry in self.host_map))

    def _is_allowed(self, address: IPv4Address | IPv6Address, port: int) -> bool:
        rules = [rule for rule in self.allow if address in rule.network and self._covers(rule.port, port)]
        return any(_is_exact(rule) for rule in rules) or (bool(rules) and not is_protected(address))

    def _covers(self, named_port: int | None, port: int) -> bool:
        return port in self.ports if named_port is None else port == named_port


def name_deny_reason(name: str) -> str | None:
    """Return why this name must not be looked up in DNS, or None if it may be.

    `name` is in lower case and has no dot at its end.
    """
    if "." not in name:
        return "a single-label name"
    zone = name.rpartition(".")[2]
    return f"a name in .{zone}" if zone in _LOCAL_ZONES else None


def _is_exact(rule: AllowRule) -> bool:
    return rule.network.num_addresses <= _EXACT


def _check_ca(path: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"the extra CA {path} cannot be used: {error}") from None


def _parse_port(text: str, item: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) <= _MAX_PORT:
        return int(text)
    raise SettingsError(f"{item!r}: a port is a number from 1 to {_MAX_PORT}")


def _parse_rule(item: str) -> AllowRule:
    text, port = _split_port(item.strip(), item)
    try:
        if "%" not in text:
            return AllowRule(plain_network(text), port)
    except ValueError:
        pass
    raise SettingsError(f"{item!r} is not an address or CIDR with an optional port, as in 10.1.0.0/16:8080")


def _parse_network(item: str) -> IPv4Network | IPv6Network:
    try:
        return plain_network(item.strip())
    except ValueError:
        raise SettingsError(f"{item!r} is not an address or CIDR, as in 203.0.113.7 or 10.1.0.0/16") from None


def _parse_mapping(item: str) -> HostMapping:
    left, _, right = item.strip().partition("=")
    name, name_port = _split_port(left, item)
    address, address_port = _split_port(right, item)
    parsed = parse_address(address)
    if not name or parse_address(name) or parsed is None:
        raise SettingsError(f"{item!r} is not a mapping name[:port]=address[:port], as in shop.test:443=10.1.2.3:8443")
    return HostMapping(name.lower().removesuffix("."), name_port, str(parsed), address_port)


def _split_port(text: str, item: str) -> tuple[str, int | None]:
    """Split off `:port`. An IPv6 address can have a port only if it is in brackets."""
    if bracketed := _BRACKETED.fullmatch(text):
        host, port = bracketed.groups()
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, None
    return host, None if port is None else _parse_port(port, item)
