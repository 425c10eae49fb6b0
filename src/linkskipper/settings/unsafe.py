"""Name the settings that are unsafe on a machine that others reach."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from linkskipper.settings.fields import Settings

ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
"""The values of sslmode that refuse a connection in plain text."""

EVERYBODY = frozenset({"*", "0.0.0.0/0", "::/0"})


def unsafe_settings(settings: Settings) -> list[str]:
    """Return a sentence for each setting that is unsafe in production. It names the variable that mends it."""
    return [*_unsafe_for_machine(settings), *_unsafe_for_clients(settings), *_unsafe_for_data(settings)]


def _unsafe_for_machine(settings: Settings) -> Iterator[str]:
    if not settings.browser_sandbox:
        yield "Chromium runs without its sandbox (LINKSKIPPER_BROWSER_SANDBOX)."
    if settings.egress_allow:
        yield "Links may reach private addresses (LINKSKIPPER_EGRESS_ALLOW)."
    if settings.webhook_egress_allow:
        yield "Webhooks may reach private addresses (LINKSKIPPER_WEBHOOK_EGRESS_ALLOW)."
    if settings.lab and _is_published(settings):
        yield "The lab runs, and its links resolve for everybody (LINKSKIPPER_LAB)."


def _unsafe_for_clients(settings: Settings) -> Iterator[str]:
    if not _is_loopback(settings.host) and settings.monitor_port is None:
        yield "Everybody who reaches the API can read /metrics (LINKSKIPPER_MONITOR_PORT moves it)."
    if _is_published(settings) and not (settings.public_url or "").startswith("https://"):
        yield "Keys travel in plain text, unless a proxy adds TLS (then LINKSKIPPER_PUBLIC_URL begins with https)."
    if EVERYBODY.intersection(settings.trusted_proxies):
        yield "Every client can forge its address (LINKSKIPPER_TRUSTED_PROXIES)."


def _unsafe_for_data(settings: Settings) -> Iterator[str]:
    urls = {
        "LINKSKIPPER_DATABASE_URL": settings.database_url,
        "LINKSKIPPER_DATABASE_DIRECT_URL": settings.database_direct_url,
    }
    for name, text in urls.items():
        url = urlsplit(text or "")
        mode = parse_qs(url.query).get("sslmode", [""])[-1]
        if url.hostname is not None and not _is_loopback(url.hostname) and mode not in ENCRYPTED:
            yield f"The database's password and data may travel in plain text (sslmode in {name})."


def _is_published(settings: Settings) -> bool:
    return not _is_loopback(settings.host) or settings.public_url is not None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
