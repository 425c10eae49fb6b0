"""What may be contacted: public addresses on the allowed ports, and the operator's exact holes."""

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
    """Addresses that are open although the table refuses them, on one port or, with None, on the allowed ports."""

    network: IPv4Network | IPv6Network
    port: int | None


@dataclass(frozen=True, slots=True)
class HostMapping:
    """An address for a name, used instead of DNS. A port of None stands for the port of the URL."""

    name: str
    name_port: int | None
    address: str
    address_port: int | None


@dataclass(frozen=True)
class Policy:
    """The guard's rules. A hole or a mapping that names a port opens that port for itself alone."""

    ports: frozenset[int] = frozenset({80, 443})
    allow: tuple[AllowRule, ...] = ()
    host_map: tuple[HostMapping, ...] = ()
    extra_ca: Path | None = None

    @classmethod
    def parse(
        cls, *, ports: Iterable[str], allow: Iterable[str], host_map: Iterable[str], extra_ca: Path | None
    ) -> Self:
        """Read the operator's settings.

        Raises:
            SettingsError: An item is malformed. The message names it.
        """
        if extra_ca is not None:
            _check_ca(extra_ca)
        return cls(
            ports=frozenset(_port(item, item) for item in ports),
            allow=tuple(_hole(item) for item in allow),
            host_map=tuple(_mapping(item) for item in host_map),
            extra_ca=extra_ca,
        )

    def mapping_for(self, name: str, port: int) -> HostMapping | None:
        """Return the mapping of a name. A mapping for the port wins over one for every port."""
        found = [entry for entry in self.host_map if entry.name == name and self._covers(entry.name_port, port)]
        return min(found, key=lambda entry: entry.name_port is None, default=None)

    def deny_reason(self, address: str, port: int) -> str | None:
        """Return why an address and port must not be connected to, None if they may."""
        reason = deny_reason(address) or (None if port in self.ports else f"port {port} is not allowed")
        return None if reason is None or self._in_hole(address, port) else reason

    def port_deny_reason(self, port: int) -> str | None:
        """Return why no address may be contacted on a port, None if some may."""
        return None if port in self._open_ports else f"port {port} is not allowed"

    @cached_property
    def _open_ports(self) -> frozenset[int | None]:
        return self.ports.union((hole.port for hole in self.allow), (entry.name_port for entry in self.host_map))

    def _in_hole(self, address: str, port: int) -> bool:
        parsed = parse_address(address)
        return parsed is not None and any(
            parsed in hole.network and self._covers(hole.port, port) for hole in self.allow
        )

    def _covers(self, named: int | None, port: int) -> bool:
        return port in self.ports if named is None else port == named


def name_deny_reason(name: str) -> str | None:
    """Return why a name must not be resolved, None if it may. `name` is lower-case, without a trailing dot."""
    if "." not in name:
        return "a single-label name"
    zone = name.rpartition(".")[2]
    return f"a name in .{zone}" if zone in _LOCAL_ZONES else None


def _check_ca(path: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"the extra CA {path} cannot be used: {error}") from None


def _port(text: str, item: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) <= _MAX_PORT:
        return int(text)
    raise SettingsError(f"{item!r}: a port is a number from 1 to {_MAX_PORT}")


def _hole(item: str) -> AllowRule:
    text, port = _split_port(item.strip(), item)
    try:
        if "%" not in text:
            return AllowRule(ip_network(text), port)
    except ValueError:
        pass
    raise SettingsError(f"{item!r} is not an address or CIDR with an optional port, such as 10.1.0.0/16:8080")


def _mapping(item: str) -> HostMapping:
    left, _, right = item.strip().partition("=")
    name, name_port = _split_port(left, item)
    address, address_port = _split_port(right, item)
    parsed = parse_address(address)
    if not name or parse_address(name) or parsed is None:
        raise SettingsError(f"{item!r} is not name[:port]=address[:port], such as shop.test:443=10.1.2.3:8443")
    return HostMapping(name.lower().removesuffix("."), name_port, str(parsed), address_port)


def _split_port(text: str, item: str) -> tuple[str, int | None]:
    """Split off `:port`. IPv6 needs brackets to have a port."""
    if bracketed := _BRACKETED.fullmatch(text):
        host, port = bracketed.groups()
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, None
    return host, None if port is None else _port(port, item)
