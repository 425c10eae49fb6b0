"""`linkskipper resolve --file`, `curl -Z` and `minet resolve`: links over HTTPS at a server that takes 50 ms."""

import asyncio
import os
import resource
import sys
import time
import venv
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.harness import COMMAND, show_limit
from bench.slow_shortener import HOST

LINKS = 2000
FEW = 1  # a run of one link measures the start of a program, which does not count as a cost of a link
AT_ONCE = 50
ROUNDS = 3
PROVIDER = f'id = "slow"\nlabel = "Slow"\nhosts = ["{HOST}"]\ntier = "standard"\n'


class Cost(NamedTuple):
    """The seconds that a run took, and those of the processor."""

    wall: float
    processor: float


class Tool(NamedTuple):
    """A program, and how it resolves the first links of its list."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]


async def run() -> None:
    """Measure the programs in turn, without their start."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with _server(folder) as port:
            minet = await _install_minet(folder)
            kept = await _costs(folder, port, minet, "", "linkskipper", "curl", "minet")
            fresh = await _costs(folder, port, minet, "fresh/", "linkskipper", "curl")
    ours, curl, minet_cost = kept["linkskipper"], kept["curl"], kept["minet"]
    show_limit(
        "processor time a link over kept connections against curl -Z",
        ours.processor / curl.processor,
        limit=1.5,
        unit="times",
    )
    show_limit(
        "processor time a link over fresh connections against curl -Z",
        fresh["linkskipper"].processor / fresh["curl"].processor,
        limit=1.5,
        unit="times",
    )
    show_limit("time of 2,000 links against curl -Z", ours.wall / curl.wall, limit=1.2, unit="times")
    show_limit("processor time a link against minet", ours.processor / minet_cost.processor, limit=0.5, unit="times")


async def _costs(folder: Path, port: int, minet: str, path: str, *tools: str) -> dict[str, Cost]:
    """Return the median cost of each tool without its start. They run in turn, and the first round warms up."""
    rounds: dict[str, list[Cost]] = {tool: [] for tool in tools}
    for _ in range(ROUNDS + 1):
        for tool in tools:
            start = await _measure(_tool(tool, folder, port, FEW, minet, path=path))
            whole = await _measure(_tool(tool, folder, port, LINKS, minet, path=path))
            rounds[tool].append(Cost(whole.wall - start.wall, whole.processor - start.processor))
    medians = {tool: Cost(*map(median, zip(*costs[1:], strict=True))) for tool, costs in rounds.items()}
    for tool, cost in medians.items():
        connections = "fresh" if path else "kept"
        microseconds = cost.processor / LINKS * 1e6
        print(f"{tool}, {connections} connections: {LINKS / cost.wall:.0f} links/s, {microseconds:.0f} µs a link")
    return medians


def _tool(name: str, folder: Path, port: int, count: int, minet: str, *, path: str) -> Tool:
    links = folder / f"{name}-{count}.txt"
    if name == "linkskipper":
        (folder / "providers").mkdir(exist_ok=True)
        (folder / "providers" / "slow.toml").write_text(PROVIDER)
        links.write_text("".join(f"https://{HOST}/{path}{number}\n" for number in range(count)))
        settings = {
            "LINKSKIPPER_PROVIDERS_DIR": str(folder / "providers"),
            "LINKSKIPPER_HOST_MAP": f"{HOST}=127.0.0.1:{port}",
            "LINKSKIPPER_EXTRA_CA": str(folder / "ca.pem"),
        }
        return Tool(name, (COMMAND, "resolve", "--file", str(links), "--concurrency", str(AT_ONCE)), settings)
    if name == "curl":
        links.write_text(
            "".join(f'url = "https://{HOST}:{port}/{path}{number}"\noutput = /dev/null\n' for number in range(count))
        )
        where = ("--cacert", str(folder / "ca.pem"), "--resolve", f"{HOST}:{port}:127.0.0.1")
        return Tool(name, ("curl", "-sS", "-Z", "--parallel-max", str(AT_ONCE), *where, "-K", str(links)), {})
    links.write_text("url\n" + "".join(f"https://localhost:{port}/direct/{number}\n" for number in range(count)))
    limits = ("-t", str(AT_ONCE), "--domain-parallelism", str(AT_ONCE), "--throttle", "0")
    return Tool(name, (minet, "resolve", "--silent", "-k", *limits, "url", "-i", str(links)), {})


async def _measure(tool: Tool) -> Cost:
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *tool.command, env={**os.environ, **tool.environment}, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
    )
    assert await process.wait() == 0, tool.command
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - begin, used)


async def _install_minet(folder: Path) -> str:
    venv.create(folder / "python", with_pip=True)
    program = folder / "python" / "bin"
    process = await asyncio.create_subprocess_exec(
        *(program / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "minet"),
        stdout=sys.stderr,
    )
    assert await process.wait() == 0
    return str(program / "minet")


@asynccontextmanager
async def _server(folder: Path) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.slow_shortener", str(folder)), stdout=PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()
