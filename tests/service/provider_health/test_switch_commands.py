"""The commands linkskipper providers off, on and list."""

import json
import os
import subprocess
import sys
from pathlib import Path

from linkskipper.database import Pool
from linkskipper.provider_health import OutcomeRecorder
from support.outcomes import CATALOG, fail

COMMAND = str(Path(sys.executable).with_name("linkskipper"))


def providers(url: str | None, data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LINKSKIPPER_DATA_DIR": str(data_dir), "COLUMNS": "250"}
    if url is not None:
        environment["LINKSKIPPER_DATABASE_URL"] = url
    command = [COMMAND, "providers", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


async def test_off_and_on(database_url: str, pool: Pool, data_dir: Path) -> None:
    """`list` shows switched-off providers with their note, and failing hosts. `on` removes the note."""
    recorder = OutcomeRecorder(pool, CATALOG)
    fail(recorder, *[1] * 5, provider="tinyurl", host="tinyurl.com")
    await recorder.flush()
    assert providers(database_url, data_dir, "off", "bitly", "--note", "asks for CAPTCHAs").returncode == 0
    listed = providers(database_url, data_dir, "list").stdout
    assert "asks for CAPTCHAs" in listed
    assert "failing: tinyurl.com" in listed
    listed_providers = json.loads(providers(database_url, data_dir, "list", "--json").stdout)
    bitly = next(item for item in listed_providers if item["id"] == "bitly")
    assert bitly["health"]["note"] == "asks for CAPTCHAs"
    assert bitly["health"]["off_since"].endswith("Z")
    assert providers(database_url, data_dir, "on", "bitly").returncode == 0
    assert "asks for CAPTCHAs" not in providers(database_url, data_dir, "list").stdout
    audited = await pool.fetch("SELECT action, actor, subject FROM audit_log ORDER BY id")
    assert [tuple(row) for row in audited] == [
        ("provider.off", "command line", "bitly: asks for CAPTCHAs"),
        ("provider.on", "command line", "bitly"),
    ]


async def test_waiting(database_url: str, pool: Pool, data_dir: Path) -> None:
    """The list shows how many jobs wait for a slot."""
    await pool.execute(
        "INSERT INTO provider_slots (provider, job_id, queue) SELECT 'exe', gen_random_uuid(), 'premium'"
        " FROM generate_series(1, 3)"
    )
    assert "3 wait for a slot" in providers(database_url, data_dir, "list").stdout


async def test_unknown_provider(database_url: str, data_dir: Path) -> None:
    """An unknown id is an error."""
    for command in ("off", "on"):
        done = providers(database_url, data_dir, command, "bitley")
        assert done.returncode == 1
        assert "Provider bitley does not exist" in done.stderr


def test_list_without_a_database(data_dir: Path) -> None:
    """`list` works without a database and creates none. It names an unavailable database on stderr."""
    listed = providers(None, data_dir, "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "bitly" in listed.stdout
    assert not data_dir.exists()
    listed = providers("postgresql://127.0.0.1:1/x", data_dir, "list", "--json")
    assert listed.returncode == 0
    assert json.loads(listed.stdout)[0]["health"] is None
    assert "cannot be reached" in listed.stderr
