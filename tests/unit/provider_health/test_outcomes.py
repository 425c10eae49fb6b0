"""What the end of a link says about the hosts that it passed."""

from pathlib import Path

import pytest

import linkskipper.lab
from linkskipper.catalog import Catalog
from linkskipper.provider_health.circuit_breaker import Verdict
from linkskipper.provider_health.outcomes import Outcome, counts_as_failed, outcomes
from linkskipper.resolver import Reason
from support.outcomes import ended

CATALOG = Catalog.load(extra_dirs=[Path(linkskipper.lab.__file__).parent / "providers"])
BROKEN = "https://broken.lab.test/x"
BULK = "https://bulk.lab.test/x"


@pytest.mark.parametrize("reason", Reason)
def test_only_failures_of_the_host_speak_against_it(reason: Reason) -> None:
    """Four reasons speak against a host; a link that is removed, gated or none speaks for it, one of a client's not."""
    [outcome] = outcomes(ended(BROKEN, reason=reason), CATALOG)
    against = {Reason.UPSTREAM_ERROR, Reason.TIMEOUT, Reason.BOT_CHALLENGE, Reason.PROVIDER_CHANGED}
    assert (outcome.verdict is Verdict.DOWN) == (reason in against)
    assert counts_as_failed(reason) >= (reason in against)
    if reason in {Reason.LINK_REMOVED, Reason.CAPTCHA_REQUIRED, Reason.NOT_A_LINK}:
        assert outcome.verdict is Verdict.UP


def test_a_provider_that_passed_the_link_on_did_its_part() -> None:
    """Where a link fails at its second provider, the first one works and the second one fails."""
    resolution = ended(BULK, BROKEN, provider="lab-bulk", reason=Reason.UPSTREAM_ERROR)
    assert list(outcomes(resolution, CATALOG)) == [
        Outcome("lab-bulk", "bulk.lab.test", Verdict.UP),
        Outcome("lab-broken", "broken.lab.test", Verdict.DOWN),
    ]


def test_a_failure_behind_a_host_of_the_same_provider_is_the_links_host() -> None:
    """Admission looks at the host of the link, so what fails further on within its provider is counted there."""
    resolution = ended("https://bit.ly/x", "https://bitly.com/x", provider="bitly", reason=Reason.TIMEOUT)
    assert list(outcomes(resolution, CATALOG)) == [Outcome("bitly", "bit.ly", Verdict.DOWN)]


def test_hosts_of_the_fallback_are_strangers_to_each_other() -> None:
    """The generic provider's second host failing says nothing against its first."""
    first, second = (host for host in CATALOG.find("generic").hosts[:50:40])  # type: ignore[union-attr]
    resolution = ended(f"https://{first}/x", f"https://{second}/x", provider="generic", reason=Reason.TIMEOUT)
    assert list(outcomes(resolution, CATALOG)) == [
        Outcome("generic", first, Verdict.UP),
        Outcome("generic", second, Verdict.DOWN),
    ]


def test_nothing_to_tell() -> None:
    """What no provider took says nothing of any."""
    assert list(outcomes(ended(BROKEN, provider="gone", reason=Reason.TIMEOUT), CATALOG)) == []
