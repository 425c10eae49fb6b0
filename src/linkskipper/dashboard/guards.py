"""Refuse requests that come by a wrong name, or from another site."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from linkskipper.dashboard.errors import cross_site, wrong_host

SETTING = "LINKSKIPPER_DASHBOARD_HOSTS"


class Guards:
    """Know the names of the dashboard. A name that is rebound in DNS to this machine is not one of them."""

    def __init__(self, base_url: str, hosts: tuple[str, ...]) -> None:
        public = urlsplit(base_url)
        self._secure_origin = f"https://{public.netloc.lower()}" if public.scheme == "https" else None
        self._hosts = frozenset({public.netloc.lower(), *(host.lower() for host in hosts)})

    def check_host(self, request: Request) -> None:
        """Refuse a request that names another host.

        Raises:
            PageError: 421.
        """
        named = [value.decode("latin-1").lower() for name, value in request.scope["headers"] if name == b"host"]
        if len(named) != 1 or not self._knows(named[0]):
            raise wrong_host(", ".join(named) or "a request without Host", SETTING)

    def check_same_site(self, request: Request) -> None:
        """Refuse a request that changes something and may come from another site.

        Browsers send Sec-Fetch-Site where the address is trustworthy, and Origin on plain HTTP.

        Raises:
            PageError: 403.
        """
        site = request.headers.getlist("sec-fetch-site")
        if site:
            if site != ["same-origin"]:
                raise cross_site()
            return
        origins = request.headers.getlist("origin")
        if len(origins) != 1 or not self._is_own(origins[0].lower(), request.headers["host"].lower()):
            raise cross_site()

    def _knows(self, host: str) -> bool:
        if host in self._hosts:
            return True
        name = _name_of(host)
        return name is not None and (name in self._hosts or _is_loopback(name))

    def _is_own(self, origin: str, host: str) -> bool:
        if self._secure_origin is not None and host == urlsplit(self._secure_origin).netloc:
            return origin == self._secure_origin
        return origin in {f"http://{host}", f"https://{host}"}


def _name_of(host: str) -> str | None:
    """Return the name in a Host header without the port, or None if it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return name if parts.netloc == host and parts.username is None else None


def _is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
