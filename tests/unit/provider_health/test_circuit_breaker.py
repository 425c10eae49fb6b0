"""The circuit breaker: its transitions, its invariants, and the accounts that it blocks."""

from datetime import UTC, datetime, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from linkskipper.provider_health import circuit_breaker
from linkskipper.provider_health.circuit_breaker import (
    CLOSED_CIRCUIT,
    Circuit,
    CircuitState,
    Signal,
    apply_signal,
    blocks,
    cool_down,
    weight,
)

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNTS = st.integers(1, 4)


def failed(*accounts: int, circuit: Circuit = CLOSED_CIRCUIT, now: datetime = BEGIN) -> Circuit:
    for account in accounts:
        circuit = apply_signal(circuit, account, Signal.FAILURE, now)
    return circuit


def test_every_transition_is_in_the_table() -> None:
    """The table has one transition for each state and signal."""
    assert set(circuit_breaker.TRANSITIONS) == set(product(CircuitState, Signal))


def test_opens_after_consecutive_failures() -> None:
    """The fifth failure in a row opens a circuit. A success resets the count, a neutral signal changes nothing."""
    four = failed(1, 1, 1, 1)
    assert four.state(BEGIN) is CircuitState.CLOSED
    assert failed(1, circuit=four).state(BEGIN) is CircuitState.OPEN
    assert apply_signal(four, 1, Signal.NEUTRAL, BEGIN) == four
    assert apply_signal(four, 2, Signal.SUCCESS, BEGIN) == CLOSED_CIRCUIT


def test_cool_down_doubles_up_to_a_ceiling() -> None:
    """Each failed probe doubles the cool-down, up to ten minutes. A success resets it."""
    circuit, now, cool_downs = failed(*[1] * 5), BEGIN, []
    for _ in range(9):
        assert circuit.open_until is not None
        cool_downs.append((circuit.open_until - now).total_seconds())
        now = circuit.open_until
        circuit = failed(1, circuit=circuit, now=now)
    assert cool_downs == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    reopened = failed(*[1] * 5, circuit=apply_signal(circuit, 1, Signal.SUCCESS, now), now=now)
    assert reopened.open_until == now + timedelta(seconds=10)


def test_queued_jobs_do_not_extend_the_cool_down() -> None:
    """Jobs that a blocked account queued before fail without extending this cool-down or the next one."""
    circuit = failed(*[1] * 5)
    assert failed(*[1] * 300, circuit=circuit, now=BEGIN + timedelta(seconds=9)) == circuit


def test_bad_links_block_only_their_own_account() -> None:
    """Failures of one account do not block another. The other's own failures count, and set its own cool-down."""
    circuit, now = failed(*[1] * 5), BEGIN
    for _ in range(10):
        assert circuit.open_until is not None
        now = circuit.open_until
        circuit = failed(1, circuit=circuit, now=now)
    assert blocks(circuit.consecutive_failures, 1)
    assert not blocks(circuit.consecutive_failures, 2)
    circuit = failed(2, 2, circuit=circuit, now=now)
    assert not blocks(circuit.consecutive_failures, 2)
    circuit = failed(2, circuit=circuit, now=now)
    assert blocks(circuit.consecutive_failures, 2)
    assert circuit.open_until == now + timedelta(seconds=10)


def test_failures_of_several_accounts_block_everybody() -> None:
    """Failures of three accounts block every other account too."""
    circuit = failed(1, 2, 1, 2)
    assert not blocks(circuit.consecutive_failures, 9)
    circuit = failed(3, circuit=circuit)
    assert circuit.state(BEGIN) is CircuitState.OPEN
    assert all(blocks(circuit.consecutive_failures, account) for account in (1, 2, 3, 9))


@given(st.lists(ACCOUNTS, max_size=30), ACCOUNTS)
def test_one_other_account_never_weighs_enough(failures: list[int], account: int) -> None:
    """The failures of one other account add at most OTHER_ACCOUNT_WEIGHT to the weight."""
    for other in set(failures) - {account}:
        without = [failed_account for failed_account in failures if failed_account != other]
        assert weight(failures, account) - weight(without, account) <= circuit_breaker.OTHER_ACCOUNT_WEIGHT


class Machine(RuleBasedStateMachine):
    """Jobs end and probes start in any order and at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.circuit = CLOSED_CIRCUIT
        self.failures_in_a_row = 0

    @rule(account=ACCOUNTS, signal=st.sampled_from(Signal))
    def end(self, account: int, signal: Signal) -> None:
        before = self.circuit
        self.circuit = apply_signal(before, account, signal, self.now)
        if signal is Signal.SUCCESS:
            self.failures_in_a_row = 0
            assert self.circuit == CLOSED_CIRCUIT
        if signal is Signal.FAILURE:
            self.failures_in_a_row += 1
            if before.state(self.now) is CircuitState.OPEN:
                assert self.circuit.open_until is not None
                assert before.open_until is not None
                assert self.circuit.open_until <= before.open_until
            elif blocks(self.circuit.consecutive_failures, account):
                assert self.circuit.state(self.now) is CircuitState.OPEN

    @rule(seconds=st.floats(0, 700))
    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.circuit.state(self.now) is CircuitState.HALF_OPEN)
    @rule()
    def probe(self) -> None:
        until = self.now + circuit_breaker.PROBE_TIMEOUT
        self.circuit = Circuit(self.circuit.consecutive_failures, self.circuit.open_until, until)
        assert self.circuit.state(self.now) is CircuitState.PROBING

    @invariant()
    def a_circuit_that_is_not_closed_blocks_an_account(self) -> None:
        blocked = [
            account
            for account in set(self.circuit.consecutive_failures)
            if blocks(self.circuit.consecutive_failures, account)
        ]
        assert bool(blocked) == (self.circuit.state(self.now) is not CircuitState.CLOSED)
        if blocked:
            assert self.failures_in_a_row >= circuit_breaker.FAILURE_THRESHOLD
            assert (
                circuit_breaker.FIRST_COOL_DOWN
                <= cool_down(self.circuit.consecutive_failures)
                <= circuit_breaker.LONGEST_COOL_DOWN
            )

    @invariant()
    def no_cool_down_exceeds_the_longest(self) -> None:
        if self.circuit.open_until is not None:
            assert self.circuit.open_until <= self.now + circuit_breaker.LONGEST_COOL_DOWN
        assert len(self.circuit.consecutive_failures) <= circuit_breaker.KEPT_FAILURES


TestMachine = Machine.TestCase
