"""The open connections of clients, limited in all and for each address."""

from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from linkskipper.egress import client_network
from linkskipper.errors import SettingsError

_EVERYBODY = {"*": ("0.0.0.0/0", "::/0")}


class TrustedProxies:
    """The reverse proxies whose X-Forwarded-For is trusted. One connection of theirs serves many clients.

    Raises:
        SettingsError: An item is not an address or a CIDR range.
    """

    def __init__(self, items: Iterable[str] = ()) -> None:
        self.items = list(items)
        try:
            self._networks = [ip_network(block) for item in self.items for block in _EVERYBODY.get(item, (item,))]
        except ValueError as error:
            raise SettingsError(f"LINKSKIPPER_TRUSTED_PROXIES: {error}") from None

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


class OpenConnections:
    """Counts the connections of one process.

    Args:
        limit: Connections in all. The files that are left are for workers, the database and logs.
        limit_per_address: Connections of one client. Trusted proxies have no such limit.
        proxies: The trusted proxies.
    """

    def __init__(self, limit: int, limit_per_address: int, proxies: TrustedProxies) -> None:
        self._limit = limit
        self._limit_per_address = limit_per_address
        self._proxies = proxies
        self._by_client: Counter[str] = Counter()
        self._total = 0

    def add(self, address: str) -> bool:
        """Count a connection that was accepted. Return whether it may stay open."""
        client = client_network(address)
        self._total += 1
        self._by_client[client] += 1
        if self._total > self._limit:
            return False
        return self._by_client[client] <= self._limit_per_address or address in self._proxies

    def remove(self, address: str) -> None:
        """Count a connection that has ended."""
        client = client_network(address)
        self._total -= 1
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]
