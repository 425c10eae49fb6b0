"""The service at rest: time to start, memory, processor."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.harness import RunningCommand, lab, show_limit, started

REST_SECONDS = 20
SETTLE_SECONDS = 10  # what starts with the service, such as the first watch of the ledger, is not rest
KILOBYTE = 1024
TICKS = os.sysconf("SC_CLK_TCK")


async def run() -> None:
    """Start twice on one data directory, then leave it alone."""
    async with lab() as environment:
        with TemporaryDirectory() as data_dir:
            arguments = ("serve", "--port", "0", "--data-dir", data_dir)
            async with started(*arguments, ready="poll_url", **environment) as first:
                show_limit("first start to ready", first.seconds, limit=6, unit="s")
            async with started(*arguments, ready="poll_url", **environment) as second:
                show_limit("start with data in place to ready", second.seconds, limit=3, unit="s")
                await _at_rest(second)


async def _at_rest(service: RunningCommand) -> None:
    await asyncio.sleep(SETTLE_SECONDS)
    processes = list(_family(service.process.pid))
    memory = sum(_proportional_kilobytes(process) for process in processes) / KILOBYTE
    before = sum(_ticks(process) for process in processes)
    await asyncio.sleep(REST_SECONDS)
    share = (sum(_ticks(process) for process in processes) - before) / TICKS / REST_SECONDS * 100
    show_limit("memory at rest, workers and PostgreSQL included", memory, limit=300, unit="MB")
    show_limit("processor at rest, workers and PostgreSQL included", share, limit=1, unit="% of a core")


def _family(process: int) -> Iterator[int]:
    """Yield a process and all that it started: the workers, PostgreSQL and its processes."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))


def _proportional_kilobytes(process: int) -> int:
    """Its memory, with what it shares divided among those who share it."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1])


def _ticks(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
