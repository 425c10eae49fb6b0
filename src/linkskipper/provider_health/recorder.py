"""Record how links ended: gathered in memory and written once a second, not once per job."""

import asyncio
from collections import defaultdict, deque
from datetime import datetime, timedelta

import asyncpg
import msgspec
import structlog

from linkskipper.catalog import Catalog
from linkskipper.database import Connection, Pool
from linkskipper.errors import DatabaseUnavailable
from linkskipper.periodic import Periodic
from linkskipper.provider_health import queries
from linkskipper.provider_health.circuit_breaker import CLOSED_CIRCUIT, Circuit, Signal, apply_signal
from linkskipper.provider_health.outcomes import counts_as_failed, host_signals
from linkskipper.provider_health.stats import RECENT_LINKS
from linkskipper.resolver import Resolution

log = structlog.get_logger()

FLUSH_SECONDS = 1

CircuitKey = tuple[str, str]
"""A provider and one of its hosts."""

AccountSignal = tuple[int, Signal]
"""The account of a job, and the signal of the job's end."""


class OutcomeRecorder:
    """Record how the links of this process ended. `changed` is set after circuits may have changed."""

    def __init__(self, pool: Pool, catalog: Catalog) -> None:
        self._pool = pool
        self._catalog = catalog
        self._signals: defaultdict[CircuitKey, list[AccountSignal]] = defaultdict(list)
        self._seconds: defaultdict[str, deque[float | None]] = _new_seconds()
        self.changed = asyncio.Event()

    def record(self, account_id: int, resolution: Resolution, seconds: float) -> None:
        """Remember how a link of an account ended and how many seconds it took."""
        last_provider = resolution.provider
        for last_provider, host, signal in host_signals(resolution, self._catalog):
            signals = self._signals[last_provider, host]
            if signal is Signal.SUCCESS:
                signals.clear()  # a success cancels the signals before it
            signals.append((account_id, signal))
        if counts_as_failed(resolution) and last_provider is not None:
            self._seconds[last_provider].append(None)
        elif resolution.target_url is not None and resolution.provider is not None:
            self._seconds[resolution.provider].append(seconds)

    def periodic(self) -> Periodic:
        """Return the flushing to repeat."""
        return Periodic("outcomes.flush", self.flush, every=FLUSH_SECONDS)

    async def flush(self) -> None:
        """Write what was recorded since the last flush. Drop it if the database is unavailable."""
        signals, self._signals = self._signals, defaultdict(list)
        seconds, self._seconds = self._seconds, _new_seconds()
        if not signals:
            return
        try:
            async with self._pool.acquire() as connection:
                await _save_seconds(connection, seconds)
                changed = await _update_circuits(connection, signals)
        except DatabaseUnavailable as error:
            log.warning("providers.outcomes_dropped", error=str(error))
            return
        if changed:
            self.changed.set()


def _new_seconds() -> defaultdict[str, deque[float | None]]:
    return defaultdict(lambda: deque(maxlen=RECENT_LINKS))


async def _save_seconds(connection: Connection, seconds: dict[str, deque[float | None]]) -> None:
    rows = [(provider, value) for provider, recent in seconds.items() for value in reversed(recent)]
    if rows:
        await connection.execute(queries.SAVE_SECONDS, *zip(*rows, strict=True), RECENT_LINKS)


async def _update_circuits(connection: Connection, signals: dict[CircuitKey, list[AccountSignal]]) -> bool:
    """Apply the signals to the circuits, which are locked in one order. Return whether any circuit exists."""
    keys = sorted(signals)
    failing = [key for key in keys if any(signal is Signal.FAILURE for _, signal in signals[key])]
    async with connection.transaction():
        if failing:
            await connection.execute(queries.CREATE_CIRCUITS, *zip(*failing, strict=True))
        rows = await connection.fetch(queries.LOCK_CIRCUITS, *zip(*keys, strict=True))
        if not rows:
            return False
        now: datetime = await connection.fetchval(queries.NOW)
        before = {(row["provider"], row["host"]): _circuit(row) for row in rows}
        after = {key: _apply_all(key, circuit, signals[key], now) for key, circuit in before.items()}
        await _save_circuits(connection, after)
    return True


def _circuit(row: asyncpg.Record) -> Circuit:
    return Circuit(tuple(row["consecutive_failures"]), row["open_until"], row["probe_until"])


def _apply_all(key: CircuitKey, before: Circuit, signals: list[AccountSignal], now: datetime) -> Circuit:
    circuit = before
    for account, signal in signals:
        circuit = apply_signal(circuit, account, signal, now)
    if circuit.open_until != before.open_until:
        _log_change(key, circuit, now)
    return circuit


def _log_change(key: CircuitKey, circuit: Circuit, now: datetime) -> None:
    provider, host = key
    if circuit.open_until is None:
        log.info("provider.circuit_closed", provider=provider, host=host)
    else:
        seconds = (circuit.open_until - now).total_seconds()
        log.warning("provider.circuit_opened", provider=provider, host=host, seconds=seconds)


async def _save_circuits(connection: Connection, circuits: dict[CircuitKey, Circuit]) -> None:
    closed = [key for key, circuit in circuits.items() if circuit == CLOSED_CIRCUIT]
    if closed:
        await connection.execute(queries.DELETE_CIRCUITS, *zip(*closed, strict=True))
    rows = [(*key, *msgspec.structs.astuple(circuit)) for key, circuit in circuits.items() if circuit != CLOSED_CIRCUIT]
    await connection.executemany(queries.SAVE_CIRCUIT, rows)


async def prune_circuits(connection: Connection, idle: timedelta) -> int:
    """Delete circuits without a new failure for `idle`. Return the number deleted."""
    return int((await connection.execute(queries.PRUNE_CIRCUITS, idle)).removeprefix("DELETE "))
