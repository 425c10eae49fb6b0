"""The circuit breaker of one host of a provider, as pure functions.

A circuit stores the accounts of the jobs that failed at the host in a row. It blocks an account once these failures
weigh enough *for this account*: its own failures count in full, the failures of each other account count at most
OTHER_ACCOUNT_WEIGHT. So a client with bad links blocks only itself. Blocking other clients takes failures of several
accounts (docs/decisions/0006-circuits.md).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

import msgspec

FAILURE_THRESHOLD = 5  # consecutive failures that open a circuit
OTHER_ACCOUNT_WEIGHT = 2
KEPT_FAILURES = 20  # enough for the longest cool-down
FIRST_COOL_DOWN = timedelta(seconds=10)
LONGEST_COOL_DOWN = timedelta(minutes=10)
PROBE_TIMEOUT = timedelta(seconds=30)  # the default timeout of a link


class Signal(Enum):
    """What the end of a job says about a host."""

    SUCCESS = auto()
    FAILURE = auto()
    NEUTRAL = auto()


class CircuitState(Enum):
    """CLOSED lets all jobs pass and OPEN none. HALF_OPEN lets one job pass as a probe. PROBING waits for its end."""

    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()
    PROBING = auto()


class Circuit(msgspec.Struct, frozen=True):
    """A circuit. `consecutive_failures` holds the account of each failure, the newest last."""

    consecutive_failures: tuple[int, ...] = ()
    open_until: datetime | None = None
    probe_until: datetime | None = None

    def state(self, now: datetime) -> CircuitState:
        """Return the state at a time."""
        if self.open_until is None:
            return CircuitState.CLOSED
        if self.open_until > now:
            return CircuitState.OPEN
        probing = self.probe_until is not None and self.probe_until > now
        return CircuitState.PROBING if probing else CircuitState.HALF_OPEN


CLOSED_CIRCUIT = Circuit()


def weight(failures: Sequence[int], account: int) -> int:
    """Return the weight of consecutive failures for an account."""
    return sum(
        count if failed_account == account else min(count, OTHER_ACCOUNT_WEIGHT)
        for failed_account, count in Counter(failures).items()
    )


def blocks(failures: Sequence[int], account: int) -> bool:
    """Tell whether a circuit that is not closed blocks the jobs of an account."""
    return weight(failures, account) >= FAILURE_THRESHOLD


def cool_down(failures: Sequence[int]) -> timedelta:
    """Return how long a circuit stays open: doubled with each further failure, up to LONGEST_COOL_DOWN.

    The failures are weighed for the blocked account with the lowest weight. At least one account must be blocked.
    """
    weights = [weight(failures, account) for account in set(failures)]
    lowest = min(account_weight for account_weight in weights if account_weight >= FAILURE_THRESHOLD)
    doubled: timedelta = FIRST_COOL_DOWN * 2 ** (lowest - FAILURE_THRESHOLD)
    return min(doubled, LONGEST_COOL_DOWN)


def apply_signal(circuit: Circuit, account: int, signal: Signal, now: datetime) -> Circuit:
    """Return the circuit after a job of the account ended with this signal."""
    return TRANSITIONS[circuit.state(now), signal](circuit, account, now)


def _keep(circuit: Circuit, _account: int, _now: datetime) -> Circuit:
    return circuit


def _close(_circuit: Circuit, _account: int, _now: datetime) -> Circuit:
    return CLOSED_CIRCUIT


def _count_failure(circuit: Circuit, account: int, now: datetime) -> Circuit:
    """Add a failure, and open the circuit if the failures block any account."""
    failures = _append(circuit.consecutive_failures, account)
    if not any(blocks(failures, failed_account) for failed_account in set(failures)):
        return msgspec.structs.replace(circuit, consecutive_failures=failures)
    return Circuit(failures, open_until=now + cool_down(failures))


def _reopen(circuit: Circuit, account: int, now: datetime) -> Circuit:
    """Open the circuit again after a failed probe. A failure of an account that is not blocked is only added."""
    failures = _append(circuit.consecutive_failures, account)
    if not blocks(failures, account):
        return msgspec.structs.replace(circuit, consecutive_failures=failures)
    return Circuit(failures, open_until=now + cool_down(failures))


def _extend(circuit: Circuit, account: int, now: datetime) -> Circuit:
    """Add a failure of a job that was let through. A blocked account's failures count already and extend nothing."""
    if circuit.open_until is None or blocks(circuit.consecutive_failures, account):
        return circuit
    failures = _append(circuit.consecutive_failures, account)
    return Circuit(failures, open_until=min(circuit.open_until, now + cool_down(failures)))


def _release_probe(circuit: Circuit, account: int, _now: datetime) -> Circuit:
    """Let another probe pass after a probe with a neutral result."""
    if not blocks(circuit.consecutive_failures, account):
        return circuit
    return msgspec.structs.replace(circuit, probe_until=None)


def _append(failures: tuple[int, ...], account: int) -> tuple[int, ...]:
    return (*failures, account)[-KEPT_FAILURES:]


Transition = Callable[[Circuit, int, datetime], Circuit]

TRANSITIONS: dict[tuple[CircuitState, Signal], Transition] = {
    (CircuitState.CLOSED, Signal.SUCCESS): _close,
    (CircuitState.CLOSED, Signal.FAILURE): _count_failure,
    (CircuitState.CLOSED, Signal.NEUTRAL): _keep,
    # Jobs that were queued before the circuit opened still end.
    (CircuitState.OPEN, Signal.SUCCESS): _close,
    (CircuitState.OPEN, Signal.FAILURE): _extend,
    (CircuitState.OPEN, Signal.NEUTRAL): _keep,
    (CircuitState.HALF_OPEN, Signal.SUCCESS): _close,
    (CircuitState.HALF_OPEN, Signal.FAILURE): _reopen,
    (CircuitState.HALF_OPEN, Signal.NEUTRAL): _keep,
    (CircuitState.PROBING, Signal.SUCCESS): _close,
    (CircuitState.PROBING, Signal.FAILURE): _reopen,
    (CircuitState.PROBING, Signal.NEUTRAL): _release_probe,
}
