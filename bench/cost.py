"""Processor time that each process of the service spends on a link: the API, the worker and PostgreSQL."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

import psutil

from bench import load
from bench.harness import lab, started
from linkskipper.database import Connection, open_connection

ROUNDS = 5
LINKS = 2000
AT_ONCE = 50
IDLE_SECONDS = 10


async def run() -> None:
    """Measure rounds of fresh links on a service with one worker process."""
    async with lab() as environment:
        with TemporaryDirectory(prefix="linkskipper-bench-") as data_dir:
            serving = started(
                *("serve", "--port", "0", "--data-dir", data_dir, "--workers", "1"),
                ready="poll_url",
                **environment,
                LINKSKIPPER_NEW_ACCOUNT_CREDITS="1000000",
            )
            async with serving as service:
                address, key = service.found(r"runs at (http://[^/\s]+)"), service.found(r"(sk_live_\w+)")
                database = await open_connection(f"postgresql://postgres@/postgres?host={data_dir}/postgres")
                await database.execute("UPDATE api_keys SET rate_limit = 1000000000")
                await asyncio.sleep(1)  # until the service reads the key again
                processes = service_processes(service.process.pid, Path(data_dir))
                await _show_idle(processes)
                rounds = [await _round(address, key, database, processes) for _ in range(ROUNDS + 1)][1:]
                await database.close()
    for name in processes:
        costs = [costs[name] / LINKS * 1e6 for costs in rounds]
        print(f"{name}: {median(costs):.0f} µs a link ({min(costs):.0f} to {max(costs):.0f})")
    print(f"together: {median(sum(costs.values()) for costs in rounds) / LINKS * 1e6:.0f} µs a link")


async def _round(
    address: str, key: str, database: Connection, processes: dict[str, psutil.Process]
) -> dict[str, float]:
    before = _times(processes)
    links = [f"http://bulk.lab.test/{uuid4().hex}" for _ in range(LINKS)]
    await load.links_a_second(address, key, database, links, at_once=AT_ONCE)
    await asyncio.sleep(1)  # the queue notes the ends of jobs a little later
    return {name: time - before[name] for name, time in _times(processes).items()}


async def _show_idle(processes: dict[str, psutil.Process]) -> None:
    before = _times(processes)
    await asyncio.sleep(IDLE_SECONDS)
    used = {name: time - before[name] for name, time in _times(processes).items()}
    shares = ", ".join(f"{name} {seconds / IDLE_SECONDS:.2%}" for name, seconds in used.items())
    memory = sum(one.memory_full_info().pss for process in processes.values() for one in _family(process))
    print(
        f"at rest: {sum(used.values()) / IDLE_SECONDS:.2%} of a core ({shares}), {memory / 1024**2:.0f} MiB", flush=True
    )


def service_processes(api: int, data_dir: Path) -> dict[str, psutil.Process]:
    """Return the processes of a service with one worker process, by their part."""
    (worker,) = [child for child in psutil.Process(api).children() if "worker_process" in " ".join(child.cmdline())]
    postmaster = int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    return {"API": psutil.Process(api), "worker": worker, "PostgreSQL": psutil.Process(postmaster)}


def _times(processes: dict[str, psutil.Process]) -> dict[str, float]:
    return {name: processor_time(process) for name, process in processes.items()}


def processor_time(process: psutil.Process) -> float:
    """Return the processor time of a process. That of PostgreSQL includes its children, also those that ended."""
    own = process.cpu_times()
    if process.name() != "postgres":
        return own.user + own.system
    alive = [child.cpu_times() for child in process.children()]
    ended = own.children_user + own.children_system
    return own.user + own.system + ended + sum(times.user + times.system for times in alive)


def _family(process: psutil.Process) -> Iterator[psutil.Process]:
    yield process
    if process.name() == "postgres":
        yield from process.children()
