"""Ends of links, made up for what no lab does on demand."""

from pathlib import Path

import linkskipper.lab
from linkskipper.catalog import Catalog
from linkskipper.provider_health import OutcomeRecorder
from linkskipper.resolver import Hop, Reason, Resolution

CATALOG = Catalog.load(extra_dirs=[Path(linkskipper.lab.__file__).parent / "providers"])


def ended(
    *urls: str, provider: str = "lab-broken", reason: Reason | None = None, target: str = "https://example.com/"
) -> Resolution:
    """A resolution that passed these URLs."""
    hops = tuple(Hop(url, None, None, 1) for url in urls)
    return Resolution(urls[0], None if reason else target, provider, "standard", 1, reason, None, hops)


def fail(
    recorder: OutcomeRecorder, *accounts: int, host: str = "broken.lab.test", provider: str = "lab-broken"
) -> None:
    """Let a job of each account fail there."""
    for account in accounts:
        recorder.note(account, ended(f"https://{host}/x", provider=provider, reason=Reason.UPSTREAM_ERROR), 1)
