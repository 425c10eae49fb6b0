"""The circuit breaker's pure logic: its moves, what never holds, whom a streak shuts out."""

from datetime import UTC, datetime, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from linkskipper.provider_health import circuit_breaker
from linkskipper.provider_health.circuit_breaker import (
    CLOSED,
    Circuit,
    State,
    Verdict,
    after,
    blocks,
    cool_down,
    weight,
)

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNTS = st.integers(1, 4)


def failed(*accounts: int, circuit: Circuit = CLOSED, now: datetime = BEGIN) -> Circuit:
    for account in accounts:
        circuit = after(circuit, account, Verdict.DOWN, now)
    return circuit


def test_every_move_is_in_the_table() -> None:
    """There is a move for each state and verdict, and no other."""
    assert set(circuit_breaker.MOVES) == set(product(State, Verdict))


def test_opens_on_a_streak() -> None:
    """The fifth failure in a row opens it; a success in between starts the count anew; the rest does not count."""
    four = failed(1, 1, 1, 1)
    assert four.state(BEGIN) is State.CLOSED
    assert failed(1, circuit=four).state(BEGIN) is State.OPEN
    assert after(four, 1, Verdict.NOTHING, BEGIN) == four
    assert after(four, 2, Verdict.UP, BEGIN) == CLOSED


def test_cool_down_doubles_up_to_a_ceiling() -> None:
    """Each probe that fails doubles the time, until it is ten minutes; a success begins at the first again."""
    circuit, now, lasted = failed(*[1] * 5), BEGIN, []
    for _ in range(9):
        assert circuit.open_until is not None
        lasted.append((circuit.open_until - now).total_seconds())
        now = circuit.open_until
        circuit = failed(1, circuit=circuit, now=now)
    assert lasted == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    reopened = failed(*[1] * 5, circuit=after(circuit, 1, Verdict.UP, now), now=now)
    assert reopened.open_until == now + timedelta(seconds=10)


def test_queued_jobs_do_not_prolong_it() -> None:
    """Jobs of an account that is shut out, queued before, fail without making this wait or the next one longer."""
    circuit = failed(*[1] * 5)
    assert failed(*[1] * 300, circuit=circuit, now=BEGIN + timedelta(seconds=9)) == circuit


def test_bad_links_shut_out_their_own_account_alone() -> None:
    """However often one account fails, others pass; their own failures count on, and the wait is theirs, not its."""
    circuit, now = failed(*[1] * 5), BEGIN
    for _ in range(10):
        assert circuit.open_until is not None
        now = circuit.open_until
        circuit = failed(1, circuit=circuit, now=now)
    assert blocks(circuit.streak, 1)
    assert not blocks(circuit.streak, 2)
    circuit = failed(2, 2, circuit=circuit, now=now)
    assert not blocks(circuit.streak, 2)
    circuit = failed(2, circuit=circuit, now=now)
    assert blocks(circuit.streak, 2)
    assert circuit.open_until == now + timedelta(seconds=10)


def test_failures_of_several_accounts_shut_out_everybody() -> None:
    """What fails for three accounts fails for strangers too."""
    circuit = failed(1, 2, 1, 2)
    assert not blocks(circuit.streak, 9)
    circuit = failed(3, circuit=circuit)
    assert circuit.state(BEGIN) is State.OPEN
    assert all(blocks(circuit.streak, account) for account in (1, 2, 3, 9))


@given(st.lists(ACCOUNTS, max_size=30), ACCOUNTS)
def test_one_other_account_never_weighs_enough(streak: list[int], account: int) -> None:
    """Taking another account's failures out of a streak changes its weight by two at most."""
    for other in set(streak) - {account}:
        without = [each for each in streak if each != other]
        assert weight(streak, account) - weight(without, account) <= circuit_breaker.OTHERS_WEIGH


class Machine(RuleBasedStateMachine):
    """Jobs end and probes go out in any order, at any pace."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.circuit = CLOSED
        self.in_a_row = 0

    @rule(account=ACCOUNTS, verdict=st.sampled_from(Verdict))
    def end(self, account: int, verdict: Verdict) -> None:
        before = self.circuit
        self.circuit = after(before, account, verdict, self.now)
        if verdict is Verdict.UP:
            self.in_a_row = 0
            assert self.circuit == CLOSED
        if verdict is Verdict.DOWN:
            self.in_a_row += 1
            if before.state(self.now) is State.OPEN:
                assert self.circuit.open_until is not None
                assert before.open_until is not None
                assert self.circuit.open_until <= before.open_until
            elif blocks(self.circuit.streak, account):
                assert self.circuit.state(self.now) is State.OPEN

    @rule(seconds=st.floats(0, 700))
    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.circuit.state(self.now) is State.HALF_OPEN)
    @rule()
    def probe(self) -> None:
        until = self.now + circuit_breaker.PROBE
        self.circuit = Circuit(self.circuit.streak, self.circuit.open_until, until)
        assert self.circuit.state(self.now) is State.PROBING

    @invariant()
    def a_circuit_that_is_not_closed_shuts_somebody_out(self) -> None:
        shut_out = [account for account in set(self.circuit.streak) if blocks(self.circuit.streak, account)]
        assert bool(shut_out) == (self.circuit.state(self.now) is not State.CLOSED)
        if shut_out:
            assert self.in_a_row >= circuit_breaker.STREAK
            assert (
                circuit_breaker.FIRST_COOL_DOWN <= cool_down(self.circuit.streak) <= circuit_breaker.LONGEST_COOL_DOWN
            )

    @invariant()
    def nothing_lasts_longer_than_the_ceiling(self) -> None:
        if self.circuit.open_until is not None:
            assert self.circuit.open_until <= self.now + circuit_breaker.LONGEST_COOL_DOWN
        assert len(self.circuit.streak) <= circuit_breaker.KEPT


TestMachine = Machine.TestCase
