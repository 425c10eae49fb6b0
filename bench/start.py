"""The start of commands, compared to that of a Python that imports what every network program needs."""

import asyncio
import resource
import sys
from asyncio.subprocess import DEVNULL
from statistics import median

from bench.harness import COMMAND, show_limit

ROUNDS = 9
BARE = (sys.executable, "-c", "import asyncio, ssl, msgspec")
OFFLINE = "https://www.google.com/url?q=https://example.com/"
COMMANDS = {"--help": (COMMAND, "--help"), "resolve of a link without a request": (COMMAND, "resolve", OFFLINE)}
# Typer checks options with pydantic. No command of ours can start faster than an empty one.
PROGRAM = """
import asyncio, ssl, msgspec, typer
def main(urls: list[str] | None = typer.Argument(None), number: int = 50) -> None: pass
app = typer.Typer(add_completion=False)
app.command()(main)
app()
"""
EMPTY = (sys.executable, "-c", PROGRAM)


async def run() -> None:
    """Measure processor time in rounds, all programs in turn."""
    programs = {"bare": BARE, "empty": EMPTY, **COMMANDS}
    rounds = [{name: await _seconds(*command) for name, command in programs.items()} for _ in range(ROUNDS + 1)][1:]
    for name in COMMANDS:
        ratio = median(times[name] / times["bare"] for times in rounds)
        floor = median(times["empty"] / times["bare"] for times in rounds)
        took = median(times[name] for times in rounds) * 1000
        detail = f"{took:.0f} ms, an empty command of Typer takes {floor:.1f} times"
        show_limit(f"start of {name} against a bare Python", ratio, limit=3, unit="times", detail=detail)


async def _seconds(*command: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    assert await process.wait() == 0, command
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
