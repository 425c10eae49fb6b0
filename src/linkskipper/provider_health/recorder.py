"""How links ended, gathered in memory and written down once a second: no statement for each job, no hot row."""

import asyncio
from collections import defaultdict, deque
from datetime import datetime, timedelta

import asyncpg
import msgspec
import structlog

from linkskipper.catalog import Catalog
from linkskipper.database import AWAY, Connection, Pool
from linkskipper.provider_health import queries
from linkskipper.provider_health.circuit_breaker import CLOSED, Circuit, Verdict, after
from linkskipper.provider_health.outcomes import counts_as_failed, outcomes
from linkskipper.provider_health.stats import RECENT
from linkskipper.resolver import Resolution

log = structlog.get_logger()

EVERY_SECONDS = 1

Place = tuple[str, str]
"""A provider and one of its hosts."""


class OutcomeRecorder:
    """Notes how the links of this process ended; `changed` is set whenever circuits may have moved by that."""

    def __init__(self, pool: Pool, catalog: Catalog) -> None:
        self._pool = pool
        self._catalog = catalog
        self._ended: defaultdict[Place, list[tuple[int, Verdict]]] = defaultdict(list)
        self._times: defaultdict[str, deque[float | None]] = defaultdict(lambda: deque(maxlen=RECENT))
        self.changed = asyncio.Event()

    def note(self, account_id: int, resolution: Resolution, seconds: float) -> None:
        """Remember how a link of an account ended, and how long it took."""
        for provider, host, verdict in outcomes(resolution, self._catalog):
            ended = self._ended[provider, host]
            if verdict is Verdict.UP:
                ended.clear()  # it undoes whatever came before
            ended.append((account_id, verdict))
        failed = counts_as_failed(resolution.reason)
        if resolution.provider is not None and (failed or resolution.target_url is not None):
            self._times[resolution.provider].append(None if failed else seconds)

    async def run(self) -> None:
        """Write down every second, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write down what was noted since the last time; lost if the database is away, for it will be seen again."""
        ended, self._ended = self._ended, defaultdict(list)
        times, self._times = self._times, defaultdict(lambda: deque(maxlen=RECENT))
        if not ended:
            return
        try:
            async with self._pool.acquire() as connection:
                await _record_times(connection, times)
                moved = await _move_circuits(connection, ended)
        except AWAY as error:
            log.warning("providers.outcomes_lost", error=str(error))
            return
        if moved:
            self.changed.set()


async def _record_times(connection: Connection, times: dict[str, deque[float | None]]) -> None:
    rows = [(provider, seconds) for provider, recent in times.items() for seconds in reversed(recent)]
    if rows:
        await connection.execute(queries.RECORD, *zip(*rows, strict=True), RECENT)


async def _move_circuits(connection: Connection, ended: dict[Place, list[tuple[int, Verdict]]]) -> bool:
    """Let the circuits follow what happened; they are locked meanwhile, always in one order."""
    places = sorted(ended)
    failing = [place for place in places if any(verdict is Verdict.DOWN for _, verdict in ended[place])]
    async with connection.transaction():
        if failing:
            await connection.execute(queries.BEGIN_CIRCUITS, *zip(*failing, strict=True))
        rows = await connection.fetch(queries.LOCK_CIRCUITS, *zip(*places, strict=True))
        if not rows:
            return False
        now: datetime = await connection.fetchval(queries.NOW)
        before = {(row["provider"], row["host"]): _circuit(row) for row in rows}
        moved = {place: _fold(place, circuit, ended[place], now) for place, circuit in before.items()}
        await _save(connection, moved)
    return True


def _circuit(row: asyncpg.Record) -> Circuit:
    return Circuit(tuple(row["streak"]), row["open_until"], row["probe_until"])


def _fold(place: Place, before: Circuit, ended: list[tuple[int, Verdict]], now: datetime) -> Circuit:
    circuit = before
    for account, verdict in ended:
        circuit = after(circuit, account, verdict, now)
    if circuit.open_until != before.open_until:
        _tell(place, circuit, now)
    return circuit


def _tell(place: Place, circuit: Circuit, now: datetime) -> None:
    provider, host = place
    if circuit.open_until is None:
        log.info("provider.circuit_closed", provider=provider, host=host)
    else:
        seconds = (circuit.open_until - now).total_seconds()
        log.warning("provider.circuit_opened", provider=provider, host=host, seconds=seconds)


async def _save(connection: Connection, circuits: dict[Place, Circuit]) -> None:
    closed = [place for place, circuit in circuits.items() if circuit == CLOSED]
    if closed:
        await connection.execute(queries.REMOVE_CIRCUITS, *zip(*closed, strict=True))
    rows = [(*place, *msgspec.structs.astuple(circuit)) for place, circuit in circuits.items() if circuit != CLOSED]
    await connection.executemany(queries.SAVE_CIRCUIT, rows)


async def prune_circuits(connection: Connection, idle: timedelta) -> int:
    """Forget failing streaks to which nothing was added for so long; returns how many."""
    return int((await connection.execute(queries.PRUNE_CIRCUITS, idle)).removeprefix("DELETE "))
