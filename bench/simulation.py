"""Simulate many links a second on more machines than one has, with the costs that this machine measures.

What a link costs depends on how many links share a transaction. So rounds with few and with many links at once are
measured first, and each part's cost of a transaction and of a link is fitted to them. The simulation then runs the
batching of the service itself, in an event loop whose clock jumps to the next event. It is checked on the same rounds:
it prints the simulated and the measured transactions of a link.
"""

import asyncio
from pathlib import Path
from statistics import linear_regression, quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import uuid4

import psutil

from bench import load
from bench.cost import processor_time, service_processes
from bench.harness import lab, started
from bench.simulated_service import (
    API_LISTENERS,
    API_TRANSACTIONS,
    NOTICES,
    TRANSACTIONS,
    WORKER_LISTENERS,
    WORKER_TRANSACTIONS,
    Costs,
    Simulation,
    simulate,
)
from linkskipper.database import Connection, open_connection

LINKS = 1200
AT_ONCE = (1, 4, 16, 64, 256)
COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
COUNTED_AFTER_SECONDS = 11  # a connection of PostgreSQL adds its transactions when it was idle for 10 s
LAB_LINK_SECONDS = 0.005
IDLE_LISTENERS = 10
NOTIFIED = 2000

LINK_SECONDS = 0.3
"""The mean time of a link's own site. Assumed."""
SHAPES = {46: (1, 1, 2), 463: (2, 2, 2), 4_630: (3, 6, 8)}
"""API processes, worker processes and cores of PostgreSQL at each rate, as in docs/explanation/scale.md."""


class Round(NamedTuple):
    """What a link cost with `at_once` links at once: transactions, and seconds of processor time of each part."""

    at_once: int
    transactions: float
    api: float
    worker: float
    database: float


async def run() -> None:
    """Measure the costs, check the simulation on them, and simulate each rate."""
    rounds, notice = await _measure()
    costs = _fit(rounds, notice)
    print(", ".join(f"{name} {seconds * 1e6:.0f} µs" for name, seconds in costs._asdict().items()))
    for measured in rounds:
        service = Simulation(costs, 1, 1, 2, LAB_LINK_SECONDS)
        outcome = await asyncio.to_thread(simulate, service.run_closed(measured.at_once))
        print(
            f"{measured.at_once} links at once: {measured.transactions:.2f} transactions a link measured,"
            f" {outcome.transactions:.2f} simulated"
        )
    for rate, (apis, workers, cores) in SHAPES.items():
        service = Simulation(costs, apis, workers, cores, LINK_SECONDS)
        outcome = await asyncio.to_thread(simulate, service.run_open(rate))
        print(
            f"{rate} links/s on {apis} api, {workers} worker and {cores} cores of PostgreSQL:"
            f" {outcome.transactions:.2f} transactions a link. Busy: api {outcome.api:.0%}, worker"
            f" {outcome.worker:.0%}, {outcome.database:.2f} cores of PostgreSQL."
            f" Accepted after {_show(outcome.accepted)}, done after {_show(outcome.added)} beyond the link's own time",
            flush=True,
        )


def _show(seconds: list[float]) -> str:
    percentiles = quantiles(seconds, n=100)
    return f"{percentiles[49] * 1000:.1f} ms (p99 {percentiles[98] * 1000:.1f})"


async def _measure() -> tuple[list[Round], float]:
    """Measure fresh links of one redirect on a service with one worker process, and the cost of a notice."""
    async with lab() as environment:
        with TemporaryDirectory(prefix="linkskipper-bench-") as folder:
            arguments = ("serve", "--port", "0", "--data-dir", folder, "--workers", "1")
            account = {"LINKSKIPPER_NEW_ACCOUNT_CREDITS": "1000000"}
            async with started(*arguments, ready="poll_url", **environment, **account) as service:
                address, key = service.found(r"runs at (http://[^/\s]+)"), service.found(r"(sk_live_\w+)")
                url = f"postgresql://postgres@/postgres?host={folder}/postgres"
                database = await open_connection(url)
                await database.execute("UPDATE api_keys SET rate_limit = 1000000000")
                await asyncio.sleep(1)  # until the service reads the key again
                processes = service_processes(service.process.pid, Path(folder))
                rounds = [await _round(address, key, database, processes, at_once) for at_once in (64, *AT_ONCE)][1:]
                await database.close()
                return rounds, await _measure_notice(url, processes["PostgreSQL"])


async def _round(
    address: str, key: str, database: Connection, processes: dict[str, psutil.Process], at_once: int
) -> Round:
    links = [f"http://bulk.lab.test/{uuid4().hex}" for _ in range(LINKS)]
    before, commits = _times(processes), await database.fetchval(COMMITS)
    await load.links_a_second(address, key, database, links, at_once=at_once)
    await asyncio.sleep(COUNTED_AFTER_SECONDS)
    commits = await database.fetchval(COMMITS) - commits
    times = {part: (seconds - before[part]) / LINKS for part, seconds in _times(processes).items()}
    print(
        f"{at_once} links at once:",
        ", ".join(f"{part} {time * 1e6:.0f} µs" for part, time in times.items()),
        flush=True,
    )
    return Round(at_once, commits / LINKS, times["API"], times["worker"], times["PostgreSQL"])


def _times(processes: dict[str, psutil.Process]) -> dict[str, float]:
    return {part: processor_time(process) for part, process in processes.items()}


def _fit(rounds: list[Round], notice: float) -> Costs:
    """Fit a line to each part: so much for a link, and so much for each of its transactions."""
    counts = [one.transactions for one in rounds]
    api, worker, database = (
        linear_regression(counts, times)
        for times in zip(*((one.api, one.worker, one.database) for one in rounds), strict=True)
    )
    heard = NOTICES * (API_LISTENERS + WORKER_LISTENERS)
    every = TRANSACTIONS + heard
    return Costs(
        api_link=api.intercept,
        api_transaction=api.slope * every / API_TRANSACTIONS,
        worker_link=worker.intercept,
        worker_transaction=worker.slope * every / WORKER_TRANSACTIONS,
        database_link=database.intercept,
        database_transaction=(database.slope * every - notice * heard) / TRANSACTIONS,
        database_notice=notice,
    )


async def _measure_notice(url: str, postgres: psutil.Process) -> float:
    """Return the processor time that one more listening connection costs a notice."""
    listeners = [await open_connection(url) for _ in range(IDLE_LISTENERS)]
    notifying = await open_connection(url)

    async def notify() -> float:
        before = processor_time(postgres)
        for _ in range(NOTIFIED):
            await notifying.execute("SELECT pg_notify('bench', '')")
        return (processor_time(postgres) - before) / NOTIFIED

    alone = await notify()
    for listener in listeners:
        await listener.add_listener("unused", lambda *_: None)
    heard = await notify()
    for connection in (*listeners, notifying):
        await connection.close()
    return max(heard - alone, 0) / IDLE_LISTENERS
