"""Commands load what they need and nothing else, because loading is most of their time."""

import asyncio
import sys

import pytest

SERVICE = {"asyncpg", "pgqueuer", "starlette", "structlog", "uvicorn", "uvloop", "cryptography", "linkskipper.jobs"}
TERMINAL = {"rich", "aiodns", "playwright", "linkskipper.egress.har"}
SCRIPT = """
import atexit, sys
atexit.register(lambda: print(*sys.modules))
from linkskipper.cli.commands import main
main()
"""
OFFLINE = "https://www.google.com/url?q=https://example.com/"


async def modules(*arguments: str) -> set[str]:
    """Return the modules that a command has loaded when it ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCRIPT, *arguments), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return set(out.decode().splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [("resolve", OFFLINE), ("--version",)])
async def test_resolve(arguments: tuple[str, ...]) -> None:
    """A link that needs no request loads nothing of the service, and nothing for terminals and requests."""
    await modules("resolve", OFFLINE)  # the first one may write the cache of the catalogue
    assert not (SERVICE | TERMINAL) & await modules(*arguments)


async def test_help() -> None:
    """The list of commands loads no command."""
    loaded = await modules("--help")
    assert not SERVICE & loaded
    assert {name for name in loaded if name.startswith("linkskipper.cli.")} == {
        "linkskipper.cli.commands", "linkskipper.cli.options",
    }  # fmt: skip
