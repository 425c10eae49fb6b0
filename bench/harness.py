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
    verdict = f"aim {aim:.2g} or more: {'ok' if median(values) >= aim else 'BELOW'}"
    print(f"{what}: {median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f}), {verdict} ({detail})")


def show_limit(what: str, value: float, *, limit: float, unit: str, detail: str = "") -> None:
    """Print a figure and the most that it should be."""
    verdict = "ok" if value <= limit else "OVER"
    print(f"{what}: {value:.1f} {unit}, aim at most {limit} {unit}: {verdict}{detail and f' ({detail})'}")
