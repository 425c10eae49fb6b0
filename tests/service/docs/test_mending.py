"""docs/tutorials/mend-a-shortener.md works as written: each command prints what the page says."""

import asyncio
import json
import os
import pty
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from linkskipper.lab import Lab

GUIDE = Path(__file__).parents[3] / "docs" / "tutorials" / "mend-a-shortener.md"
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TIME = re.compile(r" +\d+ ms ")


class Block(NamedTuple):
    """A block of the guide: its language and its text."""

    language: str
    text: str


def commands(console: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block, and what it prints."""
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def plain(output: str) -> str:
    """Remove colours, terminal line ends, and the milliseconds that nobody can predict."""
    return TIME.sub(" N ms ", COLOURS.sub("", output).replace("\r\n", "\n"))


async def on_terminal(command: str, cwd: Path, environment: dict[str, str]) -> str:
    """Return what a command shows in a terminal."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_shell(
        command, cwd=cwd, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    reading = asyncio.create_task(asyncio.to_thread(_read_all, ours))
    async with asyncio.timeout(60):
        await process.wait()
        return await reading


def _read_all(terminal: int) -> str:
    parts = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:  # Linux says so when the last writer has gone
        pass
    os.close(terminal)
    return b"".join(parts).decode()


@asynccontextmanager
async def serving(cwd: Path, environment: dict[str, str]) -> AsyncIterator[tuple[Process, aiohttp.ClientSession]]:
    """Yield a service of the test's own, and a client with its key."""
    process = await asyncio.create_subprocess_exec(
        *("linkskipper", "serve", "--port", "0"), cwd=cwd, env=environment, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    greeting = ""
    async with asyncio.timeout(60):
        while "?wait=10" not in greeting:
            greeting += (await process.stdout.readline()).decode()
    address, key = re.search(r"runs at (\S+)/ ", greeting), re.search(r"LINKSKIPPER_API_KEY=(\S+)", greeting)
    assert address is not None
    assert key is not None
    try:
        async with aiohttp.ClientSession(address[1], headers={"Authorization": f"Bearer {key[1]}"}) as session:
            yield process, session
    finally:
        process.terminate()
        async with asyncio.timeout(60):
            await process.communicate()


async def told(process: Process, event: str) -> dict[str, Any]:
    """Return the next line of the log about an event."""
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while True:
            entry: dict[str, Any] = json.loads(await process.stderr.readline())
            if entry["event"] == event:
                return entry


async def reason(session: aiohttp.ClientSession, url: str) -> str | None:
    """Return the reason for which a link ends in the service."""
    async with session.post("/v1/resolve", params={"wait": "10"}, json={"url": url}) as response:
        job = (await response.json())["job_id"]
    async with session.get(f"/v1/jobs/{job}", params={"include": "trace"}) as response:
        ended: str | None = (await response.json()).get("reason")
        return ended


async def test_the_guide_as_it_stands(database_url: str, tmp_path: Path) -> None:
    """Each command prints what the guide says. The service follows without a restart, and then resolves the link."""
    blocks = [Block(*found.groups()) for found in FENCED.finditer(GUIDE.read_text())]
    assert [block.language for block in blocks] == ["console", "console", "toml", "console", "json"]
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "changed.toml").write_text((Lab.providers_dir / "lab-changed.toml").read_text())
    async with Lab(state_dir=tmp_path) as lab:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LINKSKIPPER_")}
        environment = {
            **clean,
            "PATH": f"{Path(sys.executable).parent}:{clean['PATH']}",
            "LINKSKIPPER_HOST_MAP": ",".join(lab.host_map),
            "LINKSKIPPER_EXTRA_CA": str(lab.ca_file),
            "LINKSKIPPER_PROVIDERS_DIR": "providers",
            "LINKSKIPPER_DATA_DIR": str(tmp_path / "data"),
            "LINKSKIPPER_DATABASE_URL": database_url,
            "LINKSKIPPER_LOG_JSON": "true",
        }
        async with serving(tmp_path, environment) as (process, session):
            url = "https://changed.lab.test/new"
            assert await reason(session, url) == "provider_changed"
            for block in blocks:
                if block.language == "console":
                    for command, output in commands(block.text):
                        assert plain(await on_terminal(command, tmp_path, environment)) == plain(output)
                elif block.language == "toml":
                    (tmp_path / "providers" / "changed.toml").write_text(block.text)
                else:
                    expected = json.loads(block.text)
                    assert (await told(process, expected["event"])).items() >= expected.items()
            assert await reason(session, url) is None
