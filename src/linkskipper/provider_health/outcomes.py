"""What the end of a link says about the hosts that it passed."""

from collections.abc import Iterator
from typing import NamedTuple

from linkskipper.catalog import Catalog
from linkskipper.provider_health.circuit_breaker import Signal
from linkskipper.resolver import TRANSIENT, Reason, Resolution

SIGNALS: dict[Reason, Signal] = dict.fromkeys(Reason, Signal.SUCCESS) | {
    Reason.UPSTREAM_ERROR: Signal.FAILURE,
    Reason.TIMEOUT: Signal.FAILURE,
    Reason.BOT_CHALLENGE: Signal.FAILURE,
    Reason.PROVIDER_CHANGED: Signal.FAILURE,
    # The link causes these, or no host answered.
    Reason.BLOCKED_ADDRESS: Signal.NEUTRAL,
    Reason.BAD_SCHEME: Signal.NEUTRAL,
    Reason.LOOP_DETECTED: Signal.NEUTRAL,
    Reason.TOO_MANY_HOPS: Signal.NEUTRAL,
    Reason.BODY_TOO_LARGE: Signal.NEUTRAL,
    Reason.URL_TOO_LONG: Signal.NEUTRAL,
    Reason.UNSUPPORTED_LINK: Signal.NEUTRAL,
}
"""The signal of each stop rule. A host that answers is up, whatever it answers."""

PAGE_REASONS = frozenset({Reason.UPSTREAM_ERROR, Reason.PROVIDER_CHANGED})
"""Failures that say nothing about the host if one of its pages came: the link alone may cause them."""

ERRORS = 400
"""The least status of a challenge that is the host's. Authors of links can write its words into the title of a page."""

GATE_REASONS = frozenset({Reason.CAPTCHA_REQUIRED, Reason.ADBLOCK_GATE, Reason.WAIT_TOO_LONG})
"""Stop rules that leave the circuit closed although the provider's links do not resolve."""


class HostSignal(NamedTuple):
    """What a job says about a host of a provider, or about a port of it other than that of HTTPS."""

    provider: str
    host: str
    signal: Signal


def host_signals(resolution: Resolution, catalog: Catalog) -> Iterator[HostSignal]:
    """Yield the signal of the first host, and of the last host if that belongs to another provider.

    A provider that passed the link on to another provider succeeded. A provider whose links carry their destination is
    not asked, so its links say nothing.
    """
    provider = catalog.find(resolution.provider) if resolution.provider is not None else None
    if provider is None or not resolution.host_ports:
        return
    first, last = resolution.host_ports
    last_provider = catalog.owner(_host(last))
    was_asked = last_provider is None or not last_provider.is_offline
    signal = _signal(resolution) if was_asked else Signal.NEUTRAL
    if first == last or last_provider is None or provider.keeps(_host(first), _host(last)):
        yield HostSignal(provider.id, first, signal)
    else:
        yield HostSignal(provider.id, first, Signal.SUCCESS)
        yield HostSignal(last_provider.id, last, signal)


def _host(host_port: str) -> str:
    return host_port.partition(":")[0]


def counts_as_failed(resolution: Resolution) -> bool:
    """Tell whether a user would say that the provider does not work."""
    stays_closed = resolution.reason in GATE_REASONS or _is_of_one_page(resolution)
    return _signal(resolution) is Signal.FAILURE or (stays_closed and not resolution.service_failed)


def _signal(resolution: Resolution) -> Signal:
    if resolution.reason is None:
        return Signal.SUCCESS
    if resolution.service_failed or (resolution.reason is Reason.TIMEOUT and not resolution.host_unresponsive):
        return Signal.NEUTRAL
    if _is_of_one_page(resolution):
        return Signal.NEUTRAL
    return SIGNALS[resolution.reason]


def _is_of_one_page(resolution: Resolution) -> bool:
    """Return whether a failure is that of a page: its host answered, and not with a status of a host that fails."""
    status = resolution.hops[-1].status if resolution.hops else None
    if status is None:
        return False
    if resolution.reason is Reason.BOT_CHALLENGE:
        return status < ERRORS
    return resolution.reason in PAGE_REASONS and status not in TRANSIENT
