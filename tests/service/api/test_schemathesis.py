"""schemathesis against the live service: examples, edges, random and stateful calls, with all its checks."""

import asyncio
import os
import sys
from pathlib import Path

from support.service import Service

HERE = Path(__file__).parent
SECONDS = 120


async def test_schemathesis_finds_nothing(service: Service) -> None:
    """No call that the description allows or forbids is answered other than it says."""
    caller = await service.caller(credits=100_000)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(HERE / "schemathesis.toml"), "run", f"{service.url}/openapi.json"),
        *("--header", f"Authorization: Bearer {caller.key}"),
        env={**os.environ, "PYTHONPATH": str(HERE)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, output.decode()
