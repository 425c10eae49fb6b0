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
from bench.simulated_service import API_TRANSACTIONS, WORKER_TRANSACTIONS, Costs, Simulation, simulate
from linkskipper.database import Connection, open_connection

LINKS = 1200
AT_ONCE = (1, 4, 16, 64, 256)
COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
LAB_LINK_SECONDS = 0.005

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
    rounds = await _measure()
    costs = _fit(rounds)
    print(", ".join(f"{name} {seconds * 1e6:.0f} µs" for name, seconds in costs._asdict().items()))
    for measured in rounds:
        outcome = simulate(Simulation(costs, 1, 1, 2, LAB_LINK_SECONDS).run_closed(measured.at_once))
        print(
            f"{measured.at_once} links at once: {measured.transactions:.2f} transactions a link measured,"
            f" {outcome.transactions:.2f} simulated"
        )
    for rate, (apis, workers, cores) in SHAPES.items():
        outcome = simulate(Simulation(costs, apis, workers, cores, LINK_SECONDS).run_open(rate))
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


async def _measure() -> list[Round]:
    """Measure fresh links of one redirect on a service with one worker process."""
    async with lab() as environment:
        with TemporaryDirectory(prefix="linkskipper-bench-") as folder:
            arguments = ("serve", "--port", "0", "--data-dir", folder, "--workers", "1")
            account = {"LINKSKIPPER_NEW_ACCOUNT_CREDITS": "1000000"}
            async with started(*arguments, ready="poll_url", **environment, **account) as service:
                address, key = service.found(r"runs at (http://[^/\s]+)"), service.found(r"(sk_live_\w+)")
                database = await open_connection(f"postgresql://postgres@/postgres?host={folder}/postgres")
                await database.execute("UPDATE api_keys SET rate_limit = 1000000000")
                await asyncio.sleep(1)  # until the service reads the key again
                processes = service_processes(service.process.pid, Path(folder))
                rounds = [await _round(address, key, database, processes, at_once) for at_once in (64, *AT_ONCE)][1:]
                await database.close()
                return rounds


async def _round(
    address: str, key: str, database: Connection, processes: dict[str, psutil.Process], at_once: int
) -> Round:
    links = [f"http://bulk.lab.test/{uuid4().hex}" for _ in range(LINKS)]
    before, commits = _times(processes), await database.fetchval(COMMITS)
    await load.links_a_second(address, key, database, links, at_once=at_once)
    await asyncio.sleep(2)  # the queue notes the ends of jobs, and PostgreSQL its counters, a little later
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


def _fit(rounds: list[Round]) -> Costs:
    """Fit a line to each part: so much for a link, and so much for each of its transactions."""
    counts = [one.transactions for one in rounds]
    api, worker, database = (
        linear_regression(counts, times)
        for times in zip(*((one.api, one.worker, one.database) for one in rounds), strict=True)
    )
    every = API_TRANSACTIONS + WORKER_TRANSACTIONS
    return Costs(
        api_link=api.intercept,
        api_transaction=api.slope * every / API_TRANSACTIONS,
        worker_link=worker.intercept,
        worker_transaction=worker.slope * every / WORKER_TRANSACTIONS,
        database_link=database.intercept,
        database_transaction=database.slope,
    )
