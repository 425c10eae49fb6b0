"""What the end of a link says about the hosts that it passed."""

from pathlib import Path

import pytest
from msgspec.structs import replace

import linkskipper.lab
from linkskipper.catalog import Catalog
from linkskipper.provider_health.circuit_breaker import Signal
from linkskipper.provider_health.outcomes import HostSignal, counts_as_failed, host_signals
from linkskipper.resolver import Reason
from support.outcomes import ended

CATALOG = Catalog.load(extra_dirs=[Path(linkskipper.lab.__file__).parent / "providers"])
BROKEN = "https://broken.lab.test/x"
BULK = "https://bulk.lab.test/x"
FAILURES = {Reason.UPSTREAM_ERROR, Reason.TIMEOUT, Reason.BOT_CHALLENGE, Reason.PROVIDER_CHANGED}


@pytest.mark.parametrize("reason", Reason)
def test_signal_of_each_reason(reason: Reason) -> None:
    """Four reasons are failures of the host. Removed, gated and ordinary pages prove that it works."""
    resolution = ended(BROKEN, reason=reason)
    [host_signal] = host_signals(resolution, CATALOG)
    assert (host_signal.signal is Signal.FAILURE) == (reason in FAILURES)
    assert counts_as_failed(resolution) >= (reason in FAILURES)
    if reason in {Reason.LINK_REMOVED, Reason.CAPTCHA_REQUIRED, Reason.NOT_A_LINK}:
        assert host_signal.signal is Signal.SUCCESS


def test_a_timeout_without_the_time_of_a_full_fetch_is_neutral() -> None:
    """A host that had too little time to answer has neither failed nor succeeded."""
    resolution = ended(BROKEN, reason=Reason.TIMEOUT, host_unresponsive=False)
    assert [host_signal.signal for host_signal in host_signals(resolution, CATALOG)] == [Signal.NEUTRAL]
    assert not counts_as_failed(resolution)


def test_a_failure_of_this_service_is_neutral() -> None:
    """A browser that does not start says nothing about the host."""
    resolution = ended(BROKEN, reason=Reason.UPSTREAM_ERROR, service_failed=True)
    assert [host_signal.signal for host_signal in host_signals(resolution, CATALOG)] == [Signal.NEUTRAL]
    assert not counts_as_failed(resolution)


def test_a_provider_that_passed_the_link_on_succeeded() -> None:
    """If a link fails at its second provider, the first provider succeeded and the second failed."""
    resolution = ended(BULK, BROKEN, provider="lab-bulk", reason=Reason.UPSTREAM_ERROR)
    assert list(host_signals(resolution, CATALOG)) == [
        HostSignal("lab-bulk", "bulk.lab.test", Signal.SUCCESS),
        HostSignal("lab-broken", "broken.lab.test", Signal.FAILURE),
    ]


def test_a_failure_at_another_host_of_the_provider_counts_for_the_first() -> None:
    """Admission checks the host of the link, so failures at the provider's other hosts count there."""
    resolution = ended("https://bit.ly/x", "https://bitly.com/x", provider="bitly", reason=Reason.TIMEOUT)
    assert list(host_signals(resolution, CATALOG)) == [HostSignal("bitly", "bit.ly", Signal.FAILURE)]


def test_hosts_of_the_generic_provider_are_independent() -> None:
    """A failure at the second host of the generic provider says nothing against the first."""
    first, second = (host for host in CATALOG.find("generic").hosts[:50:40])  # type: ignore[union-attr]
    resolution = ended(f"https://{first}/x", f"https://{second}/x", provider="generic", reason=Reason.TIMEOUT)
    assert list(host_signals(resolution, CATALOG)) == [
        HostSignal("generic", first, Signal.SUCCESS),
        HostSignal("generic", second, Signal.FAILURE),
    ]


def test_a_link_of_no_provider_has_no_signal() -> None:
    """A link of a provider that no longer exists yields nothing."""
    assert list(host_signals(ended(BROKEN, provider="gone", reason=Reason.TIMEOUT), CATALOG)) == []


@pytest.mark.attack
@pytest.mark.parametrize(
    ("reason", "status", "signal"),
    [
        *(
            (reason, status, signal)
            for reason in (Reason.UPSTREAM_ERROR, Reason.PROVIDER_CHANGED)
            for status, signal in ((200, Signal.NEUTRAL), (403, Signal.NEUTRAL), (429, Signal.FAILURE))
        ),
        (Reason.UPSTREAM_ERROR, 500, Signal.FAILURE),
        (Reason.BOT_CHALLENGE, 200, Signal.NEUTRAL),
        (Reason.BOT_CHALLENGE, 399, Signal.NEUTRAL),
        (Reason.BOT_CHALLENGE, 400, Signal.FAILURE),
        (Reason.BOT_CHALLENGE, 403, Signal.FAILURE),
        (Reason.BOT_CHALLENGE, 503, Signal.FAILURE),
    ],
)
def test_one_page_is_not_the_host(reason: Reason, status: int, signal: Signal) -> None:
    """A page that came says nothing about its host, unless its status is that of a host that fails."""
    resolution = ended(BROKEN, reason=reason)
    resolution = replace(resolution, hops=tuple(replace(hop, status=status) for hop in resolution.hops))
    assert [host_signal.signal for host_signal in host_signals(resolution, CATALOG)] == [signal]
    assert counts_as_failed(resolution)


@pytest.mark.parametrize("reason", [None, Reason.PROVIDER_CHANGED])
def test_links_that_are_only_read_say_nothing(reason: Reason | None) -> None:
    """A host that was not asked has neither failed nor succeeded."""
    resolution = ended("https://www.google.com/url?q=x", provider="google-url", reason=reason)
    assert [host_signal.signal for host_signal in host_signals(resolution, CATALOG)] == [Signal.NEUTRAL]


@pytest.mark.attack
@pytest.mark.parametrize(
    "url", ["https://broken.lab.test:80/x", "http://broken.lab.test/x", "http://broken.lab.test:443/x"]
)
def test_another_port_is_not_the_host(url: str) -> None:
    """Anybody can name a port that a host does not serve. Links of its HTTPS do not wait for that."""
    resolution = ended(url, reason=Reason.UPSTREAM_ERROR)
    ((_, host_port, signal),) = host_signals(resolution, CATALOG)
    assert signal is Signal.FAILURE
    assert host_port.startswith("broken.lab.test:")
    through_a_redirect = ended(BULK, url, provider="lab-bulk", reason=Reason.UPSTREAM_ERROR)
    assert HostSignal("lab-broken", host_port, Signal.FAILURE) in host_signals(through_a_redirect, CATALOG)
