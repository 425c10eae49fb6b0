"""What the benchmarks share: processes to measure, and how figures are taken and shown."""

import asyncio
import os
import re
import shlex
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

COMMAND = str(Path(sys.executable).with_name("linkskipper"))
LINES = 64
STOP_SECONDS = 15


@dataclass(frozen=True)
class Row:
    """A figure and its goal."""

    what: str
    figure: str
    goal: str
    is_met: bool

    @property
    def verdict(self) -> str:
        """Say whether the goal is met."""
        return "met" if self.is_met else "MISSED"


ROWS: list[Row] = []


@dataclass(frozen=True)
class RunningCommand:
    """A command of ours that is ready, with its output until then and the seconds that it took."""

    process: Process
    output: str
    seconds: float

    def found(self, pattern: str) -> str:
        """Return what the pattern's group matches in the output."""
        match = re.search(pattern, self.output)
        assert match is not None, self.output
        return match[1]


@asynccontextmanager
async def started(*arguments: str, ready: str, **environment: str) -> AsyncIterator[RunningCommand]:
    """Run a linkskipper command. Yield it when it prints the ready line, and stop it when the context ends."""
    begin = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    output = ""
    while ready not in output:
        line = await process.stdout.readline()
        assert line, f"linkskipper {' '.join(arguments)} ended early:\n{output}"
        output += line.decode()
    seconds = time.perf_counter() - begin
    try:
        yield RunningCommand(process, output, seconds)
    finally:
        process.terminate()
        async with asyncio.timeout(STOP_SECONDS):
            await process.communicate()


@asynccontextmanager
async def lab() -> AsyncIterator[dict[str, str]]:
    """Run the lab in its own process. Yield the environment that leads to it."""
    async with started("lab", "--port", "0", ready="Ctrl-C") as running:
        exports = re.findall(r"^export (\w+)=(.*)$", running.output, re.MULTILINE)
        yield {name: shlex.split(value)[0] for name, value in exports}


async def rate(work: Callable[[int], Awaitable[object]], count: int, *, at_once: int) -> float:
    """Return how many calls a second the work does: `count` calls in all, `at_once` of them at the same time."""
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            await work(number)

    begin = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    return count / (time.perf_counter() - begin)


def show_ratio(what: str, ratios: Iterable[float], *, aim: float, detail: str) -> None:
    """Print a ratio that was taken several times, and what it should be."""
    values = sorted(ratios)
    figure = f"{median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"
    _show(Row(what, figure, f"at least {aim:.2g}", is_met=median(values) >= aim), detail)


def show_limit(what: str, value: float, *, limit: float, unit: str, detail: str = "") -> None:
    """Print a figure and the most that it should be."""
    _show(Row(what, f"{value:.1f} {unit}", f"at most {limit:.4g} {unit}", is_met=value <= limit), detail)


def _show(row: Row, detail: str) -> None:
    ROWS.append(row)
    print(f"{row.what}: {row.figure}, goal {row.goal}: {row.verdict}{detail and f' ({detail})'}", flush=True)


def show_table() -> None:
    """Print everything that was measured as one table."""
    print("\n| Figure | Measured | Goal | |\n|---|---|---|---|")
    for row in ROWS:
        print(f"| {row.what} | {row.figure} | {row.goal} | {row.verdict} |")
