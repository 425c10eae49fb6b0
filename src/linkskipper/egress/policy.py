"""Decide what may be contacted: public addresses on the allowed ports, and what the operator opens."""

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self

from linkskipper.egress.addresses import deny_reason, parse_address
from linkskipper.errors import SettingsError

_MAX_PORT = 65535
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(.*))?")
_LOCAL_ZONES = ("localhost", "internal", "local")


@dataclass(frozen=True, slots=True)
class AllowRule:
    """Addresses that are open although the table denies them.

    The rule holds for `port` alone, or for the policy's allowed ports where `port` is None.
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
        host_map: Names that lead to fixed addresses.
        extra_ca: A PEM file with certificate authorities to trust besides the system's.
    """

    ports: frozenset[int] = frozenset({80, 443})
    allow: tuple[AllowRule, ...] = ()
    host_map: tuple[HostMapping, ...] = ()
    extra_ca: Path | None = None

    @classmethod
    def parse(
        cls, *, ports: Iterable[str], allow: Iterable[str], host_map: Iterable[str], extra_ca: Path | None
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
            host_map=tuple(_parse_mapping(item) for item in host_map),
            extra_ca=extra_ca,
        )

    def mapping_for(self, name: str, port: int) -> HostMapping | None:
        """Return the mapping of a name. A mapping for this port wins over one for any port."""
        mappings = [entry for entry in self.host_map if entry.name == name and self._covers(entry.name_port, port)]
        return min(mappings, key=lambda entry: entry.name_port is None, default=None)

    def deny_reason(self, address: str, port: int) -> str | None:
        """Return why this address and port must not be connected to, or None if they may be."""
        reason = deny_reason(address) or (None if port in self.ports else f"port {port} is not allowed")
        return None if reason is None or self._is_allowed(address, port) else reason

    def port_deny_reason(self, port: int) -> str | None:
        """Return why no address at all may be contacted on this port, or None if one may be."""
        return None if port in self._open_ports else f"port {port} is not allowed"

    @cached_property
    def _open_ports(self) -> frozenset[int | None]:
        return self.ports.union((rule.port for rule in self.allow), (entry.name_port for entry in self.host_map))

    def _is_allowed(self, address: str, port: int) -> bool:
        parsed = parse_address(address)
        return parsed is not None and any(
            parsed in rule.network and self._covers(rule.port, port) for rule in self.allow
        )

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
            return AllowRule(ip_network(text), port)
    except ValueError:
        pass
    raise SettingsError(f"{item!r} is not an address or CIDR with an optional port, as in 10.1.0.0/16:8080")


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
