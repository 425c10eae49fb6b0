"""linkskipper backup and restore: a service moves to another place with everything that it promised."""

import asyncio
import struct
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import asyncpg
import pytest
from standardwebhooks.webhooks import Webhook

from linkskipper.accounts import create_key, load_keyring
from linkskipper.service import backup
from linkskipper.service.backup import MAX_SHORT_MEMBER
from linkskipper.settings import load
from support.processes import Ended, run
from support.receiver import run_receiver
from support.service import Caller, Service, fresh_link, named, run_service

PASSPHRASE = "correct horse battery staple"


async def linkskipper(url: str, data_dir: Path, *arguments: str, passphrase: str = PASSPHRASE) -> Ended:
    """Run a command on a database."""
    settings = {"LINKSKIPPER_DATABASE_URL": url, "LINKSKIPPER_BACKUP_PASSPHRASE": passphrase}
    return await run(*arguments, data_dir=data_dir, **settings)


@pytest.fixture
async def empty_database(server_url: str) -> str:
    """The URL of a database without tables."""
    connection = await asyncpg.connect(server_url)
    name = f"empty_{uuid4().hex}"
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return named(server_url, name)


async def with_key(service: Service, **options: Any) -> tuple[Caller, str]:
    """Make a key. Return its caller and its webhook secret."""
    account = (await service.caller(**options)).account_id
    key = await create_key(service.pool, load_keyring(service.settings), account, name="test")
    return Caller(service.session, account, key.id, key.key), key.webhook_secret


async def test_a_restored_service_keeps_its_promises(database_url: str, empty_database: str, tmp_path: Path) -> None:
    """Keys, credits and the cache work elsewhere. A job that was queued is resolved, and its signed event arrives."""
    old_dir, new_dir, file = tmp_path / "old", tmp_path / "new", tmp_path / "backup"
    old_dir.mkdir()
    async with run_receiver(tmp_path) as receiver:
        async with run_service(database_url, old_dir, receiver=receiver) as service:
            caller, secret = await with_key(service, credits=7)
            cached = fresh_link()
            assert (await caller.resolve(cached, wait=30)).body["status"] == "done"
        hook = receiver.url()
        async with run_service(database_url, old_dir, tiers=(), webhooks=False) as service:
            caller = Caller(service.session, caller.account_id, caller.key_id, caller.key)
            job = (await caller.resolve(fresh_link(), webhook_url=hook)).body["job_id"]
            written = await linkskipper(database_url, old_dir, "backup", str(file))
            assert (written.code, written.out) == (0, ""), written.err
        restored = await linkskipper(empty_database, new_dir, "restore", str(file))
        assert restored.code == 0, restored.err
        async with run_service(empty_database, new_dir, receiver=receiver) as service:
            caller = Caller(service.session, caller.account_id, caller.key_id, caller.key)
            assert (await caller.resolve(cached)).body["cached"] is True
            assert (await caller.finished(job))["status"] == "done"
            (request,) = await receiver.received(hook)
            Webhook(secret).verify(request.body, request.headers)
            assert (await caller.get("/v1/account")).body["balance"] == 5
    for content in (caller.key, secret, cached):
        assert content.encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


async def test_a_restore_overwrites_nothing(database_url: str, empty_database: str, tmp_path: Path) -> None:
    """A database with tables, a data directory with another secret, and a file that exists stay as they are."""
    file, new_dir = tmp_path / "backup", tmp_path / "new"
    assert (await linkskipper(database_url, tmp_path / "old", "backup", str(file))).code == 0
    content = file.read_bytes()
    again = await linkskipper(database_url, tmp_path / "old", "backup", str(file))
    assert (again.code, "exists" in again.error, file.read_bytes()) == (1, True, content)
    full = await linkskipper(database_url, new_dir, "restore", str(file))
    assert (full.code, "not empty" in full.error) == (1, True)
    new_dir.mkdir(exist_ok=True)
    (new_dir / "secret.key").write_text("another secret of the service that runs here")
    other = await linkskipper(empty_database, new_dir, "restore", str(file))
    assert (other.code, "another secret" in other.error) == (1, True)
    assert (new_dir / "secret.key").read_text().startswith("another")


@pytest.mark.parametrize("damage", ["passphrase", "cut", "changed", "text", "missing"])
async def test_a_backup_that_cannot_be_restored(
    database_url: str, empty_database: str, tmp_path: Path, damage: str
) -> None:
    """A wrong passphrase and a damaged file are reported in one line. The database stays empty."""
    file, passphrase = tmp_path / "backup", PASSPHRASE
    assert (await linkskipper(database_url, tmp_path / "old", "backup", str(file))).code == 0
    content = bytearray(file.read_bytes())
    match damage:
        case "passphrase":
            passphrase = "another passphrase"
        case "cut":
            file.write_bytes(content[:-5000])
        case "changed":
            content[len(content) // 2] ^= 1
            file.write_bytes(content)
        case "text":
            file.write_text("not a backup")
        case "missing":
            file.unlink()
    restored = await linkskipper(empty_database, tmp_path / "new", "restore", str(file), passphrase=passphrase)
    assert (restored.code, restored.out) == (1, "")
    assert ("passphrase" if damage == "passphrase" else str(file)) in restored.error
    connection = await asyncpg.connect(empty_database)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.close()


@pytest.mark.attack
@pytest.mark.parametrize(
    ("flags", "compression", "length", "message"),
    [
        (0, zipfile.ZIP_DEFLATED, MAX_SHORT_MEMBER, "passphrase is wrong"),
        (0, zipfile.ZIP_DEFLATED, MAX_SHORT_MEMBER + 1, "too long"),
        (1, zipfile.ZIP_DEFLATED, 100, "not a backup"),
        (0, 99, 100, "not a backup"),
        (0, zipfile.ZIP_LZMA, 100, "not a backup"),
        (0, zipfile.ZIP_BZIP2, 100, "damaged"),
    ],
)
async def test_archives_of_strangers(
    empty_database: str, tmp_path: Path, flags: int, compression: int, length: int, message: str
) -> None:
    """An archive decides neither how much memory is needed to read it nor which error ends the command."""
    file = tmp_path / "backup"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("key.age", b"\0" * length)
    content = bytearray(file.read_bytes())
    for header, field in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        struct.pack_into("<HH", content, content.rindex(header) + field, flags, compression)
    file.write_bytes(content)
    restored = await linkskipper(empty_database, tmp_path / "new", "restore", str(file))
    assert (restored.code, restored.error.count("\n")) == (1, 0)
    assert message in restored.error


async def test_a_fault_of_ours_is_not_a_damaged_file(
    database_url: str, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that does not come from reading the file ends the command as itself."""
    file = tmp_path / "backup"
    assert (await linkskipper(database_url, tmp_path / "old", "backup", str(file))).code == 0
    settings = load(database_url=empty_database, data_dir=tmp_path / "new")
    for error in (RuntimeError, KeyError, ValueError, OSError):
        monkeypatch.setattr(backup, "restore_secret", Mock(side_effect=error("ours")))
        with pytest.raises(error, match="ours"):
            await asyncio.to_thread(backup.restore, settings, file, PASSPHRASE)


async def test_without_a_terminal_the_passphrase_is_a_setting(database_url: str, tmp_path: Path) -> None:
    """A command that can ask nobody names the setting, and writes nothing."""
    file = tmp_path / "backup"
    ended = await run("backup", str(file), data_dir=tmp_path, LINKSKIPPER_DATABASE_URL=database_url)
    assert (ended.code, "LINKSKIPPER_BACKUP_PASSPHRASE" in ended.error, file.exists()) == (1, True, False)


async def test_a_short_passphrase(database_url: str, tmp_path: Path) -> None:
    """A passphrase of seven characters is refused, one of eight is accepted."""
    refused = await linkskipper(database_url, tmp_path, "backup", str(tmp_path / "short"), passphrase="1234567")
    assert (refused.code, "LINKSKIPPER_BACKUP_PASSPHRASE" in refused.error) == (1, True)
    assert (
        await linkskipper(database_url, tmp_path, "backup", str(tmp_path / "long"), passphrase="12345678")
    ).code == 0


async def test_an_embedded_database(data_dir: Path) -> None:
    """A backup of an embedded database is restored into a new data directory."""
    file, new_dir = data_dir.with_name("backup"), data_dir.with_name("new")
    passphrase = {"LINKSKIPPER_BACKUP_PASSPHRASE": PASSPHRASE}
    assert (await run("accounts", "create", "moved", data_dir=data_dir)).code == 0
    assert (await run("backup", str(file), data_dir=data_dir, **passphrase)).code == 0
    assert (await run("restore", str(file), data_dir=new_dir, **passphrase)).code == 0
    assert "moved" in (await run("accounts", "list", data_dir=new_dir)).out
