"""What the end of a link says about the providers that it passed."""

from collections.abc import Iterator
from typing import NamedTuple

from linkskipper.catalog import Catalog
from linkskipper.egress import canonical
from linkskipper.provider_health.circuit_breaker import Verdict
from linkskipper.resolver import Reason, Resolution

VERDICTS: dict[Reason, Verdict] = dict.fromkeys(Reason, Verdict.UP) | {
    Reason.UPSTREAM_ERROR: Verdict.DOWN,
    Reason.TIMEOUT: Verdict.DOWN,
    Reason.BOT_CHALLENGE: Verdict.DOWN,
    Reason.PROVIDER_CHANGED: Verdict.DOWN,
    # The link's doing, or found without an answer of the host.
    Reason.BLOCKED_ADDRESS: Verdict.NOTHING,
    Reason.BAD_SCHEME: Verdict.NOTHING,
    Reason.LOOP_DETECTED: Verdict.NOTHING,
    Reason.TOO_MANY_HOPS: Verdict.NOTHING,
    Reason.BODY_TOO_LARGE: Verdict.NOTHING,
    Reason.UNSUPPORTED_LINK: Verdict.NOTHING,
}
"""By stop rule; a host that answers as itself works, whatever it answers."""

GATES = frozenset({Reason.CAPTCHA_REQUIRED, Reason.ADBLOCK_GATE, Reason.WAIT_TOO_LONG})
"""Stop rules that leave a circuit alone, and yet tell that a provider's links do not resolve."""


class Outcome(NamedTuple):
    """What a job says about a host of a provider."""

    provider: str
    host: str
    verdict: Verdict


def outcomes(resolution: Resolution, catalog: Catalog) -> Iterator[Outcome]:
    """What a resolution says of its first host, and of the one where it ended if that is another provider's.

    A provider that has passed the link on to another has done its part.
    """
    provider = catalog.find(resolution.provider) if resolution.provider is not None else None
    if provider is None or not resolution.hops:
        return
    first, last = (canonical(resolution.hops[end].url).host for end in (0, -1))
    verdict = _verdict(resolution.reason)
    following = catalog.owner(last)
    if first == last or following is None or provider.keeps(first, last):
        yield Outcome(provider.id, first, verdict)
    else:
        yield Outcome(provider.id, first, Verdict.UP)
        yield Outcome(following.id, last, verdict)


def counts_as_failed(reason: Reason | None) -> bool:
    """Whether people would say of such an end that the provider does not work."""
    return _verdict(reason) is Verdict.DOWN or reason in GATES


def _verdict(reason: Reason | None) -> Verdict:
    return Verdict.UP if reason is None else VERDICTS[reason]
