"""Embedded databases that an older PostgreSQL made."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from linkskipper.accounts import create_account
from linkskipper.database import EmbeddedServer, open_pool
from linkskipper.database.carry_over import exchange
from linkskipper.database.embedded.places import programs_folder
from linkskipper.database.embedded.system_user import find_server_user
from linkskipper.service.migrate import migrate
from support.processes import run
from support.servers import list_servers, running

SERVERS = list_servers()
NEWEST = max(SERVERS)


@pytest.mark.parametrize("version", sorted(set(SERVERS) - {NEWEST}))
async def test_old_server(version: int, data_dir: Path) -> None:
    """The database is refused at first. Then it is carried over with its rows, and the old one is kept."""
    data_dir.mkdir(mode=0o711)
    with running(SERVERS[version], data_dir / "old") as url:
        await migrate(url)
        pool = await open_pool(url, size=1)
        account = await create_account(pool, "carried", credits=7)
        pool.terminate()
    (data_dir / "old" / "data").rename(data_dir / "postgres")
    refused = await run("accounts", "list", data_dir=data_dir)
    assert f"made by PostgreSQL {version}" in refused.error
    assert "linkskipper db upgrade-server" in refused.error
    wrong = await run("db", "upgrade-server", str(SERVERS[NEWEST]), data_dir=data_dir)
    assert f"made by PostgreSQL {version}" in wrong.error
    assert not (data_dir / "postgres.new-server").exists()
    for folder in (f"postgres.{version}", "postgres.new-server"):
        (data_dir / "postgres").rename(data_dir / folder)  # as a crash between the two steps of an exchange leaves it
        lost = await run("accounts", "list", data_dir=data_dir)
        assert f"{data_dir / folder} is next to it" in lost.error
        assert not (data_dir / "postgres").exists()
        (data_dir / folder).rename(data_dir / "postgres")
    carried = await run("db", "upgrade-server", str(SERVERS[version]), data_dir=data_dir)
    assert (carried.code, str(data_dir / f"postgres.{version}") in carried.out) == (0, True)
    listed = await run("accounts", "list", data_dir=data_dir)
    assert (listed.code, account.name in listed.out) == (0, True)
    assert (data_dir / f"postgres.{version}" / "PG_VERSION").read_text().strip() == str(version)


async def test_refusals(data_dir: Path) -> None:
    """A database that is in use, needs nothing, or does not exist, and wrong programs, are refused. Nothing changes."""
    programs = programs_folder(find_server_user())
    missing = await run("db", "upgrade-server", str(programs), data_dir=data_dir)
    assert "holds no database" in missing.error
    server = EmbeddedServer(data_dir)
    url = await asyncio.to_thread(server.join)
    used = await run("db", "upgrade-server", str(programs), data_dir=data_dir)
    assert "A process uses the database" in used.error
    connection = await asyncpg.connect(url)
    await connection.close()
    await asyncio.to_thread(server.leave)
    same = await run("db", "upgrade-server", str(programs), data_dir=data_dir)
    assert f"was made by PostgreSQL {NEWEST}, as this installation needs it" in same.error
    assert {path.name for path in data_dir.glob("postgres*")} == {"postgres", "postgres.lock", "postgres.users"}


def test_an_exchange_that_fails(tmp_path: Path) -> None:
    """The database is back in its place if the new one cannot take it."""
    path, new, kept = (tmp_path / name for name in ("postgres", "postgres.new-server", "postgres.15"))
    path.mkdir()
    with pytest.raises(FileNotFoundError):
        exchange(path, new, kept)
    assert [each.name for each in tmp_path.iterdir()] == ["postgres"]
    new.mkdir()
    (new / "PG_VERSION").touch()
    exchange(path, new, kept)
    assert ((path / "PG_VERSION").exists(), kept.exists(), new.exists()) == (True, True, False)
