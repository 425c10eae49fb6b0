"""`linkskipper` commands as processes of their own, with nothing but the settings that a test gives them."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

COMMAND = str(Path(sys.executable).with_name("linkskipper"))
GUARD_SECONDS = 120
"""After this time a process counts as hanging. No test depends on its value."""


class Ended(NamedTuple):
    """The end of a command: its exit code, and its output as text."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The only line that the command prints about an error, without a traceback."""
        assert "Traceback" not in self.err
        lines = [line for line in self.err.splitlines() if line.startswith("linkskipper: ")]
        assert len(lines) == 1, self.err
        return lines[0]


class Serving(NamedTuple):
    """A running `serve --lab`, and the text that it printed."""

    process: Process
    output: str

    def printed(self, pattern: str) -> str:
        """Return the first group of a pattern in the text."""
        match = re.search(pattern, self.output)
        assert match is not None, self.output
        return match[1]

    @property
    def address(self) -> str:
        """The URL of the API in the printed curl command."""
        return self.printed(r"curl -s (http://\S+?)/v1/resolve")

    @property
    def key(self) -> str:
        """The API key in the printed curl command."""
        return self.printed(r"Bearer (\S+)\"")

    async def post(self, key: str | None = None) -> tuple[int, Any]:
        """Send the request of the printed curl command, with its key or another."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        body = self.printed(r"-d '(\{.*\})'")
        async with (
            aiohttp.ClientSession(self.address, headers=headers) as session,
            session.post("/v1/resolve", data=body) as response,
        ):
            return response.status, await response.json()


def environment(data_dir: Path | None = None, **settings: str) -> dict[str, str]:
    """Return the environment of this process with these settings instead of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LINKSKIPPER_")}
    where = {} if data_dir is None else {"LINKSKIPPER_DATA_DIR": str(data_dir)}
    return {**clean, **where, "NO_COLOR": "1", "COLUMNS": "80", **settings}


async def run(*arguments: str, data_dir: Path | None = None, program: str = COMMAND, **settings: Any) -> Ended:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        program, *arguments, env=environment(data_dir, **settings), stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(GUARD_SECONDS):
        out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


@asynccontextmanager
async def serving(
    data_dir: Path | None, *arguments: str, program: str = COMMAND, **settings: Any
) -> AsyncIterator[Serving]:
    """Run `serve --lab` on free ports until the context ends. It must end with exit code 0 unless it is killed."""
    process = await asyncio.create_subprocess_exec(
        *(program, "serve", "--lab", "--port", "0", *arguments),
        env=environment(data_dir, LINKSKIPPER_LAB_PORT="0", **settings),
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stderr is not None
    log = asyncio.create_task(process.stderr.read())
    try:
        async with asyncio.timeout(GUARD_SECONDS):
            yield Serving(process, await _greeting(process, log))
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(GUARD_SECONDS):
            code, errors = await asyncio.gather(process.wait(), log)
    assert code in {0, -signal.SIGKILL}, errors.decode()


async def _greeting(process: Process, log: asyncio.Task[bytes]) -> str:
    """Read the text that serve prints when it is ready."""
    assert process.stdout is not None
    output = ""
    while "All links of the lab" not in output:
        line = await process.stdout.readline()
        assert line, f"serve ended early: {output}{(await log).decode()}"
        output += line.decode()
    return output
