"""The commands as an operator runs them: real processes, their output, their exit codes, what they leave behind."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

COMMAND = str(Path(sys.executable).with_name("linkskipper"))


def environment(data_dir: Path | None, **settings: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LINKSKIPPER_")}
    where = {} if data_dir is None else {"LINKSKIPPER_DATA_DIR": str(data_dir)}
    return {**clean, **where, **settings, "NO_COLOR": "1", "COLUMNS": "80"}


async def run(*arguments: str, data_dir: Path | None = None, **settings: Any) -> tuple[int, str, str]:
    """A command's exit code, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, env=environment(data_dir, **settings), stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def one_line(err: str) -> str:
    """What the operator is told: the last line, and no traceback before it."""
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if line.startswith("linkskipper: ")]
    assert len(lines) == 1
    return lines[0]


@asynccontextmanager
async def serving(data_dir: Path, *arguments: str, **settings: str) -> AsyncIterator[tuple[Process, str]]:
    """A running serve --lab, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "serve", "--lab", "--port", "0", *arguments),
        env=environment(data_dir, LINKSKIPPER_LAB_PORT="0", **settings),
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stdout is not None
    output = ""
    async with asyncio.timeout(30):
        while "All links of the lab" not in output:
            line = await process.stdout.readline()
            assert line, output
            output += line.decode()
    try:
        yield process, output
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(15):
            await process.communicate()


def pasted(output: str, name: str) -> str:
    """What the printed curl holds."""
    patterns = {
        "address": r"curl -s (http://\S+?)/v1/resolve",
        "key": r"Bearer (\S+)\"",
        "body": r"-d '(\{.*\})'",
    }
    found = re.search(patterns[name], output)
    assert found is not None, output
    return found[1]


async def post(output: str, key: str) -> tuple[int, Any]:
    """Send what the printed curl sends."""
    async with (
        aiohttp.ClientSession(pasted(output, "address"), headers={"Authorization": f"Bearer {key}"}) as session,
        session.post("/v1/resolve", data=pasted(output, "body")) as response,
    ):
        return response.status, await response.json()


async def test_first_link_and_second_start(data_dir: Path) -> None:
    """The first start prints a key and a request that works; the second keeps the data and shows no key."""
    async with serving(data_dir) as (_, output):
        key = pasted(output, "key")
        assert key.startswith("sk_live_")
        assert (await post(output, key))[0] == 202
        code, out, _ = await run("accounts", "list", "--json", data_dir=data_dir)
        assert (code, json.loads(out)[0]["name"]) == (0, "default")
    assert not (data_dir / "postgres" / "postmaster.pid").exists()
    async with serving(data_dir) as (_, output):
        assert key not in output
        status, body = await post(output, key)
        assert (status, body["cached"]) == (200, True)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_stop_signals(data_dir: Path, how: signal.Signals) -> None:
    """Each ends it within seconds with exit code 0, jobs and waiting clients notwithstanding; PostgreSQL too."""
    async with serving(data_dir) as (process, output):
        headers = {"Authorization": f"Bearer {pasted(output, 'key')}"}
        async with aiohttp.ClientSession(pasted(output, "address"), headers=headers) as session:
            body = {"url": "https://slow.lab.test/50/x"}
            waiting = asyncio.create_task(session.post("/v1/resolve", params={"wait": "60"}, json=body))
            await asyncio.sleep(0.5)
            process.send_signal(how)
            async with asyncio.timeout(10):
                assert await process.wait() == 0
            assert (await waiting).status == 202
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


async def test_killed_and_started_again(data_dir: Path) -> None:
    """After kill -9 the next start finds everything, PostgreSQL left running included, and stops it at its end."""
    async with serving(data_dir) as (process, output):
        key = pasted(output, "key")
        await post(output, key)
        process.kill()
        await process.wait()
    assert (data_dir / "postgres" / "postmaster.pid").exists()
    async with serving(data_dir, LINKSKIPPER_LEASE_SECONDS="1") as (_, output):
        async with asyncio.timeout(10):
            while (await post(output, key))[0] != 200:
                await asyncio.sleep(0.1)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


async def test_busy_port(data_dir: Path) -> None:
    """A port that is taken is named, with the way out, before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = await run("serve", "--port", str(port), data_dir=data_dir)
    assert (code, out) == (1, "")
    assert f"127.0.0.1:{port} is in use" in one_line(err)
    assert "--port" in err
    assert not data_dir.exists()


@pytest.mark.parametrize(
    ("arguments", "settings", "told"),
    [
        (["serve", "--port", "0", "--data-dir", "/dev/null/x"], {}, "--data-dir"),
        (["accounts", "list", "--data-dir", "/dev/null/x"], {}, "--data-dir"),
        (["worker"], {"LINKSKIPPER_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "LINKSKIPPER_DATABASE_URL"),
        (["api", "--port", "0"], {"LINKSKIPPER_DATABASE_URL": "nonsense"}, "LINKSKIPPER_DATABASE_URL"),
        (["serve", "--port", "0"], {"LINKSKIPPER_PORT": "x", "LINKSKIPPER_KEEP_DAYS": "1"}, "LINKSKIPPER_KEEP_DAYS"),
        (["worker"], {"LINKSKIPPER_EGRESS_ALLOW": "10.0.0.0/99"}, "10.0.0.0/99"),
        (["serve", "--port", "0"], {"LINKSKIPPER_SECRET_KEY": "short"}, "LINKSKIPPER_SECRET_KEY"),
        (["serve", "--port", "0"], {"LINKSKIPPER_LIMITS_URL": "nonsense"}, "LINKSKIPPER_LIMITS_URL"),
        (["serve", "--host", "203.0.113.7"], {}, "LINKSKIPPER_"),
    ],
)
async def test_what_the_operator_can_mend(
    database_url: str, data_dir: Path, arguments: list[str], settings: dict[str, str], told: str
) -> None:
    """One clear line that names the setting, exit code 1, no traceback."""
    options: dict[str, Any] = {"LINKSKIPPER_DATABASE_URL": database_url, **settings}
    if "--data-dir" in arguments:
        options.pop("LINKSKIPPER_DATABASE_URL")
    code, out, err = await run(*arguments, data_dir=data_dir, **options)
    assert (code, out) == (1, "")
    assert told in one_line(err)


async def test_newer_schema(database_url: str, data_dir: Path) -> None:
    """A database of a newer version is left alone by every command."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("INSERT INTO schema_migrations VALUES ('9999', 'later', '')")
    await connection.close()
    for arguments in (["serve", "--port", "0"], ["worker"], ["accounts", "list"], ["db", "migrate"]):
        code, _, err = await run(*arguments, data_dir=data_dir, LINKSKIPPER_DATABASE_URL=database_url)
        assert code == 1
        assert "newer than this version" in one_line(err)
    code, out, _ = await run("db", "status", "--json", LINKSKIPPER_DATABASE_URL=database_url)
    assert (code, json.loads(out)["state"]) == (1, "newer")


async def test_broken_provider_file(database_url: str, tmp_path: Path) -> None:
    """A provider file that is wrong is named in the log, with its field, and the process starts without it."""
    (tmp_path / "broken.toml").write_text('id = "broken"\nlabel = "Broken"\nhosts = ["x.test"]\ntier = "cheap"\n')
    settings = {"LINKSKIPPER_DATABASE_URL": database_url, "LINKSKIPPER_PROVIDERS_DIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "worker"), env=environment(None, **settings, LINKSKIPPER_LOG_JSON="true"), stderr=PIPE
    )
    assert process.stderr is not None
    async with asyncio.timeout(30):
        refused, ready = [json.loads(await process.stderr.readline()) for _ in range(2)]
        assert ready["event"] == "worker.ready"
        process.terminate()
        assert await process.wait() == 0
    assert (refused["event"], refused["level"]) == ("providers.file_refused", "error")
    assert (refused["file"], refused["field"]) == (str(tmp_path / "broken.toml"), "tier")
    code, out, err = await run("providers", "list", data_dir=tmp_path / "none", **settings)
    assert (code, "bit.ly" in out, "broken.toml" in err) == (0, True, True)


async def test_accounts_and_keys(database_url: str, tmp_path: Path) -> None:
    """Made, listed, granted, corrected, rolled and revoked; JSON on stdout, advice on stderr."""
    settings: dict[str, Any] = {"LINKSKIPPER_DATABASE_URL": database_url, "LINKSKIPPER_SECRET_KEY": "s" * 32}

    async def good(*arguments: str) -> Any:
        code, out, err = await run(*arguments, "--json", data_dir=tmp_path, **settings)
        assert (code, err) == (0, "")
        return json.loads(out)

    account = await good("accounts", "create", "someone", "--credits", "7", "--telegram-id", "5")
    assert account == {"id": account["id"], "name": "someone", "balance": 7}
    ident = str(account["id"])
    assert (await good("accounts", "grant", ident, "3"))["balance"] == 10
    assert (await good("accounts", "correct", ident, "--by", "-4", "--note", "a mistake"))["balance"] == 6
    made = await good("keys", "create", "--account", ident, "--rate-limit", "5", "--daily-quota", "9")
    assert set(made) == {"id", "key", "webhook_secret"}
    [listed] = await good("keys", "list")
    assert (listed["rate_limit"], listed["daily_quota"], listed["last_four"]) == (5, 9, made["key"][-4:])
    assert "hash" not in listed
    rolled = await good("keys", "roll", str(made["id"]), "--grace", "1")
    assert rolled["id"] == made["id"]
    assert rolled["key"] != made["key"]
    assert await good("keys", "revoke", str(made["id"])) == {"id": made["id"], "revoked": True}
    code, _, err = await run("keys", "revoke", "999", **settings)
    assert (code, one_line(err)) == (1, "linkskipper: There is no key 999: see linkskipper keys list.")
    for too_large in (("keys", "list", "--account", str(2**63)), ("accounts", "grant", ident, str(2**63 - 1))):
        code, _, err = await run(*too_large, **settings)
        assert (code, "too large" in one_line(err)) == (1, True)


@pytest.mark.parametrize(
    "arguments", [["serve", "--nonsense"], ["keys", "create"], ["accounts", "grant", "1", "x"], ["nonsense"], []]
)
async def test_wrong_use(arguments: list[str]) -> None:
    """Exit code 2, and what is wrong on stderr."""
    code, out, err = await run(*arguments)
    assert code == 2
    assert out + err


async def test_help_of_every_command() -> None:
    """Each command says what it does and names the settings behind its options."""
    _, out, _ = await run("--help")
    for command in ("serve", "api", "worker", "resolve", "lab", "accounts", "keys", "providers", "db"):
        assert command in out
    _, out, _ = await run("serve", "--help")
    assert "LINKSKIPPER_PORT" in out
