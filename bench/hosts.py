"""Several hosts under load: hosts die, links to the database fall silent, the primary is lost. Needs root on Linux."""

import asyncio
import sys

PROGRAM = ("-m", "pytest", "-q", "-s", "-m", "hosts or slow", "tests/service/hosts")


async def run() -> None:
    """Run the tests of several hosts, the long ones too. They print what they measure."""
    process = await asyncio.create_subprocess_exec(sys.executable, *PROGRAM)
    if await process.wait():
        sys.exit(1)
