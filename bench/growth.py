"""Tables with millions of rows: the plan of each statement, and the deletion of old rows. It takes minutes."""

import asyncio
import sys

PROGRAM = ("-m", "pytest", "-q", "-s", "-m", "growth", "tests/component/database/test_growth.py")


async def run() -> None:
    """Run the test of growth. It prints what it measures."""
    process = await asyncio.create_subprocess_exec(sys.executable, *PROGRAM)
    if await process.wait():
        sys.exit(1)
