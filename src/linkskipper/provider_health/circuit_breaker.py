"""The circuit breaker of one host of a provider, as pure functions.

A circuit holds the accounts whose jobs failed there in a row. It shuts an account out once that streak weighs
enough *for this account*: its own failures weigh in full, those of each other account no more than OTHERS_WEIGH.
So whoever submits bad links shuts out himself; it takes failures of several accounts, or one's own, to shut out
anybody else (docs/decisions/0006-circuits.md).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

import msgspec

STREAK = 5  # failures in a row that open a circuit
OTHERS_WEIGH = 2
KEPT = 20  # failures of a streak that are remembered: enough for the longest cool-down
FIRST_COOL_DOWN = timedelta(seconds=10)
LONGEST_COOL_DOWN = timedelta(minutes=10)
PROBE = timedelta(seconds=30)  # a probe that has not ended by then is given up; the usual deadline of a link


class Verdict(Enum):
    """What the end of a job says about the host: that it works, that it fails, or nothing."""

    UP = auto()
    DOWN = auto()
    NOTHING = auto()


class State(Enum):
    """CLOSED: jobs pass. OPEN: none does, until the cool-down is over. HALF_OPEN: one may. PROBING: it is under way."""

    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()
    PROBING = auto()


class Circuit(msgspec.Struct, frozen=True):
    """streak is the accounts of the failures in a row, the newest last."""

    streak: tuple[int, ...] = ()
    open_until: datetime | None = None
    probe_until: datetime | None = None

    def state(self, now: datetime) -> State:
        """The state at a time."""
        if self.open_until is None:
            return State.CLOSED
        if self.open_until > now:
            return State.OPEN
        return State.PROBING if self.probe_until is not None and self.probe_until > now else State.HALF_OPEN


CLOSED = Circuit()


def weight(streak: Sequence[int], account: int) -> int:
    """How much a streak weighs for an account."""
    return sum(
        failures if each == account else min(failures, OTHERS_WEIGH) for each, failures in Counter(streak).items()
    )


def blocks(streak: Sequence[int], account: int) -> bool:
    """Whether a streak, once its circuit is not closed, keeps out an account's jobs."""
    return weight(streak, account) >= STREAK


def cool_down(streak: Sequence[int]) -> timedelta:
    """How long a circuit stays open: doubled with each failure more, as the account sees it that has the fewest.

    At least one account must be shut out.
    """
    lightest = min(found for account in set(streak) if (found := weight(streak, account)) >= STREAK)
    doubled: timedelta = FIRST_COOL_DOWN * 2 ** (lightest - STREAK)
    return min(doubled, LONGEST_COOL_DOWN)


def after(circuit: Circuit, account: int, verdict: Verdict, now: datetime) -> Circuit:
    """The circuit once a job of the account has ended."""
    return MOVES[circuit.state(now), verdict](circuit, account, now)


def _stay(circuit: Circuit, _account: int, _now: datetime) -> Circuit:
    return circuit


def _close(_circuit: Circuit, _account: int, _now: datetime) -> Circuit:
    return CLOSED


def _count(circuit: Circuit, account: int, now: datetime) -> Circuit:
    """One failure more; the circuit opens if that shuts anybody out."""
    streak = _longer(circuit.streak, account)
    if not any(blocks(streak, each) for each in set(streak)):
        return msgspec.structs.replace(circuit, streak=streak)
    return Circuit(streak, open_until=now + cool_down(streak))


def _reopen(circuit: Circuit, account: int, now: datetime) -> Circuit:
    """A probe has failed; a job that needed none only adds to the streak."""
    streak = _longer(circuit.streak, account)
    if not blocks(streak, account):
        return msgspec.structs.replace(circuit, streak=streak)
    return Circuit(streak, open_until=now + cool_down(streak))


def _join(circuit: Circuit, account: int, now: datetime) -> Circuit:
    """A job that was let through fails too. What is shut out already has its failure counted, and waits no longer."""
    if circuit.open_until is None or blocks(circuit.streak, account):
        return circuit
    streak = _longer(circuit.streak, account)
    return Circuit(streak, open_until=min(circuit.open_until, now + cool_down(streak)))


def _free(circuit: Circuit, account: int, _now: datetime) -> Circuit:
    """A probe that has told nothing makes room for another."""
    return msgspec.structs.replace(circuit, probe_until=None) if blocks(circuit.streak, account) else circuit


def _longer(streak: tuple[int, ...], account: int) -> tuple[int, ...]:
    return (*streak, account)[-KEPT:]


Move = Callable[[Circuit, int, datetime], Circuit]

MOVES: dict[tuple[State, Verdict], Move] = {
    (State.CLOSED, Verdict.UP): _close,
    (State.CLOSED, Verdict.DOWN): _count,
    (State.CLOSED, Verdict.NOTHING): _stay,
    # Jobs that were queued before it opened still end.
    (State.OPEN, Verdict.UP): _close,
    (State.OPEN, Verdict.DOWN): _join,
    (State.OPEN, Verdict.NOTHING): _stay,
    (State.HALF_OPEN, Verdict.UP): _close,
    (State.HALF_OPEN, Verdict.DOWN): _reopen,
    (State.HALF_OPEN, Verdict.NOTHING): _stay,
    (State.PROBING, Verdict.UP): _close,
    (State.PROBING, Verdict.DOWN): _reopen,
    (State.PROBING, Verdict.NOTHING): _free,
}
