"""Resolutions that the lab cannot produce on demand."""

from pathlib import Path

import linkskipper.lab
from linkskipper.catalog import Catalog
from linkskipper.egress import parse_url
from linkskipper.provider_health import OutcomeRecorder
from linkskipper.resolver import Hop, Reason, Resolution

CATALOG = Catalog.load(extra_dirs=[Path(linkskipper.lab.__file__).parent / "providers"])


def ended(
    *urls: str,
    provider: str = "lab-broken",
    reason: Reason | None = None,
    target: str = "https://example.com/",
    host_unresponsive: bool = True,
    service_failed: bool = False,
) -> Resolution:
    """Make a resolution that passed these URLs."""
    hops = tuple(Hop(url, None, None, 1) for url in urls)
    host_ports = (parse_url(urls[0]).host_port, parse_url(urls[-1]).host_port)
    return Resolution(
        urls[0],
        None if reason else target,
        provider,
        "standard",
        1,
        reason,
        None,
        hops,
        host_unresponsive,
        host_ports,
        service_failed,
    )


def fail(
    recorder: OutcomeRecorder, *accounts: int, host: str = "broken.lab.test", provider: str = "lab-broken"
) -> None:
    """Record a failed job of each account."""
    for account in accounts:
        recorder.record(account, ended(f"https://{host}/x", provider=provider, reason=Reason.UPSTREAM_ERROR), 1)
