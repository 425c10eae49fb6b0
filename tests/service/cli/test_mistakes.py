"""Mistakes of an operator: each is reported with the setting, the command or the file to correct."""

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from linkskipper.cli.commands import app
from linkskipper.cli.names import check_name
from support.processes import COMMAND, GUARD_SECONDS, environment, run

ADMINISTRATION = (["serve", "--port", "0"], ["worker"], ["accounts", "list"], ["db", "migrate"])


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (["serve", "--port", "0", "--data-dir", "/dev/null/x"], {}, "--data-dir"),
        (["accounts", "list", "--data-dir", "/dev/null/x"], {}, "--data-dir"),
        (["worker"], {"LINKSKIPPER_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "LINKSKIPPER_DATABASE_URL"),
        (["api", "--port", "0"], {"LINKSKIPPER_DATABASE_URL": "nonsense"}, "LINKSKIPPER_DATABASE_URL"),
        (["serve"], {"LINKSKIPPER_PORT": "x"}, "LINKSKIPPER_PORT: must be a whole number"),
        (["serve"], {"LINKSKIPPER_KEEP_DAYS": "1"}, "LINKSKIPPER_KEEP_DAYS: must be at least 30"),
        (["serve"], {"LINKSKIPPER_LOG_LEVEL": "loud"}, "LINKSKIPPER_LOG_LEVEL: must be one of"),
        (["serve"], {"LINKSKIPPER_WEBHOOK_SCHEDULE": "5s"}, "LINKSKIPPER_WEBHOOK_SCHEDULE: must be durations"),
        (["worker"], {"LINKSKIPPER_EGRESS_ALLOW": "10.0.0.0/99"}, "LINKSKIPPER_EGRESS_ALLOW: '10.0.0.0/99'"),
        (["resolve", "x"], {"LINKSKIPPER_EXTRA_CA": "/none.pem"}, "LINKSKIPPER_EXTRA_CA: "),
        (["resolve", "x", "--resume", "/dev/null/x"], {}, "/dev/null/x cannot be written: Not a directory"),
        (["resolve", "x", "--resume", "/dev"], {}, "/dev cannot be written: Is a directory"),
        (["serve", "--port", "0"], {"LINKSKIPPER_SECRET_KEY": "short"}, "LINKSKIPPER_SECRET_KEY"),
        (["serve", "--port", "0"], {"LINKSKIPPER_LIMITS_URL": "nonsense"}, "LINKSKIPPER_LIMITS_URL"),
        (["serve", "--workers", "many"], {}, "--workers: must be auto or a number"),
        (["serve"], {"LINKSKIPPER_WORKERS": "-1"}, "LINKSKIPPER_WORKERS: must be "),
        (["serve", "--host", "203.0.113.7"], {}, "LINKSKIPPER_"),
    ],
)
async def test_one_mistake(
    database_url: str, data_dir: Path, arguments: list[str], settings: dict[str, Any], named: str
) -> None:
    """One line names the setting. The exit code is 1."""
    database: dict[str, Any] = {} if "--data-dir" in arguments else {"LINKSKIPPER_DATABASE_URL": database_url}
    ended = await run(*arguments, data_dir=data_dir, **{**database, **settings})
    assert (ended.code, ended.out) == (1, "")
    assert named in ended.error


@pytest.mark.parametrize("arguments", [("resolve", "https://href.li/?https://example.com/"), ("providers", "list")])
async def test_a_full_disk(data_dir: Path, arguments: tuple[str, ...]) -> None:
    """Results that do not fit on the disk end the command with one line."""
    with Path("/dev/full").open("wb") as full:
        process = await asyncio.create_subprocess_exec(
            COMMAND, *arguments, stdout=full, stderr=PIPE, env=environment(data_dir)
        )
        async with asyncio.timeout(GUARD_SECONDS):
            _, error = await process.communicate()
    assert (process.returncode, error) == (1, b"linkskipper: cannot write: No space left on device.\n")


async def test_all_wrong_settings_at_once(data_dir: Path) -> None:
    """Each wrong setting has a line of its own, without its value, which may be a secret."""
    settings: dict[str, Any] = {
        "LINKSKIPPER_PORT": "hush",
        "LINKSKIPPER_LAB": "maybe",
        "LINKSKIPPER_LEASE_SECONDS": "0",
    }
    ended = await run("serve", data_dir=data_dir, **settings)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        "linkskipper: LINKSKIPPER_PORT: must be a whole number.",
        "linkskipper: LINKSKIPPER_LAB: must be true or false.",
        "linkskipper: LINKSKIPPER_LEASE_SECONDS: must be greater than 0.",
    ]


async def test_unknown_variable(tmp_path: Path) -> None:
    """A variable that is not a setting is a warning with a suggestion. Variables of clients are known."""
    settings: dict[str, Any] = {"LINKSKIPPER_PROVIDER_DIR": str(tmp_path), "LINKSKIPPER_KEY": "sk_live_x"}
    ended = await run("providers", "list", data_dir=tmp_path / "none", **settings)
    assert ended.code == 0
    assert ended.err == (
        "Warning: LINKSKIPPER_PROVIDER_DIR is not a setting. Did you mean LINKSKIPPER_PROVIDERS_DIR?\n"
    )


async def test_unknown_variable_in_json_logs(tmp_path: Path) -> None:
    """Where logs are JSON, the warning is JSON too."""
    settings: dict[str, Any] = {"LINKSKIPPER_XYZZY": "1", "LINKSKIPPER_LOG_JSON": "true"}
    ended = await run("providers", "list", data_dir=tmp_path / "none", **settings)
    entry = json.loads(ended.err)
    assert (entry["event"], entry["level"]) == ("settings.unknown_variable", "warning")


async def test_newer_schema(database_url: str, data_dir: Path) -> None:
    """No command changes the database of a newer version."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("INSERT INTO schema_migrations VALUES ('9999', 'later', '')")
    await connection.close()
    for arguments in ADMINISTRATION:
        ended = await run(*arguments, data_dir=data_dir, LINKSKIPPER_DATABASE_URL=database_url)
        assert ended.code == 1
        assert "newer than this version" in ended.error
    ended = await run("db", "status", "--json", LINKSKIPPER_DATABASE_URL=database_url)
    assert (ended.code, json.loads(ended.out)["state"]) == (1, "newer")


async def test_broken_provider_file(database_url: str, tmp_path: Path) -> None:
    """A worker names a broken provider file and its field in the log, and starts without the file."""
    (tmp_path / "broken.toml").write_text('id = "broken"\nlabel = "Broken"\nhosts = ["x.test"]\ntier = "cheap"\n')
    settings: dict[str, Any] = {"LINKSKIPPER_DATABASE_URL": database_url, "LINKSKIPPER_PROVIDERS_DIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "worker"), env=environment(**settings, LINKSKIPPER_LOG_JSON="true"), stderr=PIPE
    )
    assert process.stderr is not None
    async with asyncio.timeout(GUARD_SECONDS):
        refused, ready = [json.loads(await process.stderr.readline()) for _ in range(2)]
        process.terminate()
        assert await process.wait() == 0
    assert ready["event"] == "worker.ready"
    assert (refused["event"], refused["level"]) == ("providers.file_refused", "error")
    assert (refused["file"], refused["field"]) == (str(tmp_path / "broken.toml"), "tier")
    ended = await run("providers", "list", data_dir=tmp_path / "none", **settings)
    assert (ended.code, "bit.ly" in ended.out, "broken.toml: tier" in ended.err) == (0, True, True)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["serve", "--prot", "1"], "--port"),
        (["serve", "--port", "99999"], "--port"),
        (["keys", "create"], "--account"),
        (["keys", "create", "--account", "1", "--scope", "resolv"], "not a scope"),
        (["keys", "create", "--account", "1", "--scope", "none", "--scope", "resolve"], "not a scope"),
        (["accounts", "grant", "1", "x"], "CREDITS"),
        (["accounts", "correct", "1", "--by", "0", "--note", "x"], "changes nothing"),
        (["webhooks", "redeliver"], "--since"),
        (["webhooks", "redeliver", "--since", "999999999d"], "neither a time nor a duration"),
        (["accounts", "create", ""], "NAME"),
        (["accounts", "create", "x" * 65], "1 to 64 printable characters"),
        (["users", "add", " ", "--account", "1"], "NAME"),
        (["keys", "create", "--account", "1", "--name", "a\nb"], "--name"),
        (["acounts"], "Did you mean 'accounts'?"),
        (["accounts", "lst"], "Did you mean 'list'?"),
        ([], "Usage"),
    ],
)
def test_wrong_use(arguments: list[str], hint: str) -> None:
    """Wrong use exits with 2 and says what is wrong, for misspelt names with a suggestion."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert hint in result.output


def test_the_longest_name() -> None:
    """A name of 64 characters is kept, without the spaces around it."""
    assert check_name(f" {'é' * 64}\n", "NAME") == "é" * 64
