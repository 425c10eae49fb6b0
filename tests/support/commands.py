"""`linkskipper …` in a process of its own."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("linkskipper"))
SECONDS = 120
PROVIDER = 'id = "s"\nlabel = "S"\nhosts = ["s.test"]\ntier = "premium"\n'


def restore_interrupts() -> None:
    """Let SIGINT end the process. A shell ignores it in what it runs in the background, perhaps the tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Ran:
    """How a command ended."""

    code: int | None
    out: str
    err: str


@dataclass
class Command:
    """Starts the command with a provider file of the test's own."""

    directory: Path
    port: int

    async def start(self, *arguments: str, stderr: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        """Start the command with pipes as its standard streams, or with another one for its errors."""
        environment = {
            **os.environ,
            "LINKSKIPPER_PROVIDERS_DIR": str(self.directory),
            "LINKSKIPPER_HOST_MAP": f"s.test:80=127.0.0.1:{self.port}",
        }
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *(COMMAND, *arguments),
            stdin=pipe,
            stdout=pipe,
            stderr=stderr,
            env=environment,
            preexec_fn=restore_interrupts,
        )

    async def run(self, *arguments: str, given: str = "") -> Ran:
        """Run the command to its end."""
        process = await self.start(*arguments)
        async with asyncio.timeout(SECONDS):
            out, err = await process.communicate(given.encode())
        return Ran(process.returncode, out.decode(), err.decode())
