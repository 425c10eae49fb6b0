"""Migrations: from nothing, twice, at once, and from the future."""

import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from linkskipper.accounts import load_keyring
from linkskipper.database import Pool
from linkskipper.database.schema import HEAD, Migration, current_revision, read_migrations, require_current, upgrade
from linkskipper.errors import SchemaError
from linkskipper.queue import QueuedJob, enqueue_jobs, install_queue
from linkskipper.service.migrate import migrate
from linkskipper.settings import load
from support.receiver import run_receiver
from support.service import fresh_link, named, run_service


async def test_migrating_an_empty_database(server_url: str) -> None:
    """Several processes that migrate one empty database at once leave it at this version, once."""
    connection = await asyncpg.connect(server_url)
    await connection.execute("CREATE DATABASE empty")
    url = server_url.replace("/postgres?", "/empty?")
    await asyncio.gather(*(migrate(url) for _ in range(4)))
    empty = await asyncpg.connect(url)
    assert await current_revision(empty) == HEAD
    assert await empty.fetchval("SELECT count(*) FROM pgqueuer") == 0
    await empty.close()
    await connection.execute("DROP DATABASE empty")
    await connection.close()


async def test_a_database_of_the_first_version_is_brought_up_with_its_data(server_url: str, tmp_path: Path) -> None:
    """Accounts, keys and jobs in progress of the first schema survive. The job ends, is charged, and is reported."""
    connection = await asyncpg.connect(server_url)
    await connection.execute("CREATE DATABASE first")
    url = named(server_url, "first")
    first = await asyncpg.connect(url)
    await upgrade(first, to="0001")
    await install_queue(first)
    job_id, link = uuid4(), fresh_link()
    account = await first.fetchval("INSERT INTO accounts (name, balance, held) VALUES ('old', 5, 1) RETURNING id")
    secret = load_keyring(load(data_dir=tmp_path)).encrypt("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    key = await first.fetchval(
        "INSERT INTO api_keys (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit)"
        " VALUES ($1, 'old', '', 'sk_live_old', 'last', $2, '{resolve}', 60) RETURNING id",
        account,
        secret,
    )
    async with run_receiver(tmp_path) as receiver:
        hook = receiver.url()
        await first.execute(
            "INSERT INTO jobs (id, account_id, key_id, url, link, provider, tier, cost, webhook_url, queue_position)"
            " VALUES ($1, $2, $3, $4, sha256(convert_to($4, 'UTF8')), 'lab-bulk', 'standard', 1, $5, 1)",
            *(job_id, account, key, link, hook),
        )
        await enqueue_jobs(first, [QueuedJob("standard", job_id)])
        await migrate(url)
        assert await current_revision(first) == HEAD
        async with run_service(url, tmp_path, receiver=receiver):
            (told,) = await receiver.received(hook)
        assert (told.event["job_id"], told.event["status"], told.event["balance"]) == (str(job_id), "done", 4)
    await first.close()
    await connection.execute("DROP DATABASE first WITH (FORCE)")
    await connection.close()


async def test_newer_schema_is_refused(pool: Pool, database_url: str) -> None:
    """A database from a newer version is neither used nor changed."""
    await pool.execute("INSERT INTO schema_migrations VALUES ('9999', 'later', '')")
    async with pool.acquire() as connection:
        with pytest.raises(SchemaError, match="newer than this version"):
            await require_current(connection)
    with pytest.raises(SchemaError, match="newer than this version"):
        await migrate(database_url)
    assert await pool.fetchval("SELECT max(version) FROM schema_migrations") == "9999"


async def test_older_schema_says_how_to_migrate(pool: Pool) -> None:
    """A database that was not migrated names the command."""
    await pool.execute("DROP TABLE schema_migrations")
    async with pool.acquire() as connection:
        with pytest.raises(SchemaError, match="linkskipper db migrate"):
            await require_current(connection)


async def test_a_changed_file_is_refused(pool: Pool, database_url: str) -> None:
    """A migration that was changed after it was applied is named, and nothing is applied."""
    await pool.execute("UPDATE schema_migrations SET checksum = '' WHERE version = '0002'")
    with pytest.raises(SchemaError, match="0002_webhooks was changed"):
        await migrate(database_url)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another migration, which waits for locks for a short time."""
    locks = Migration("0999", "locks", "CREATE TABLE half (id int); ALTER TABLE accounts ADD COLUMN x int")
    monkeypatch.setattr("linkskipper.database.schema.read_migrations", lambda: (*read_migrations(), locks))
    monkeypatch.setattr("linkskipper.database.schema.LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr("linkskipper.database.schema.RETRY_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
async def test_a_locked_table_ends_the_migration(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration does not wait for a locked table without end, and leaves nothing half applied."""
    monkeypatch.setattr("linkskipper.database.schema.LOCK_TRIES", 2)
    async with pool.acquire() as holder, holder.transaction():
        await holder.execute("LOCK TABLE accounts")
        async with pool.acquire() as connection:
            with pytest.raises(SchemaError, match="0999_locks found a table locked 2 times"):
                await upgrade(connection, to="0999")
    assert await pool.fetchval("SELECT to_regclass('half')") is None


@pytest.mark.usefixtures("impatient")
async def test_a_migration_gives_way(pool: Pool) -> None:
    """While a migration waits for a lock that another transaction has, others get theirs between its tries."""
    async with pool.acquire() as holder, pool.acquire() as migrating:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SELECT FROM accounts")
        migration = asyncio.create_task(upgrade(migrating, to="0999"))
        for _ in range(5):
            await pool.execute("UPDATE accounts SET name = name")
        assert not migration.done()
        await transaction.commit()
        async with asyncio.timeout(30):
            await migration
    assert await pool.fetchval("SELECT to_regclass('half')") is not None


async def test_a_migration_gives_way_in_a_deadlock(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that holds what a migration needs, and waits for what it has locked, goes on, and does not fail."""
    alter = "ALTER TABLE ledger ADD COLUMN x int; ALTER TABLE accounts ADD COLUMN x int"
    crossing = Migration("0999", "crossing", alter)
    monkeypatch.setattr("linkskipper.database.schema.read_migrations", lambda: (*read_migrations(), crossing))
    async with pool.acquire() as worker, pool.acquire() as migrating:
        transaction = worker.transaction()
        await transaction.start()
        await worker.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SELECT FROM accounts")
        migration = asyncio.create_task(upgrade(migrating, to="0999"))
        async with asyncio.timeout(60):
            while not await pool.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                await asyncio.sleep(0.01)
        await worker.execute("SELECT FROM ledger")
        await transaction.commit()
        async with asyncio.timeout(60):
            await migration
    assert await pool.fetchval("SELECT count(*) FROM pg_attribute WHERE attname = 'x' AND attnum > 0") == 2


@pytest.mark.parametrize(("version", "table"), [("0013", "ledger"), ("0018", "webhook_deliveries")])
async def test_a_migration_does_not_cross_the_transactions_of_jobs(
    server_url: str, monkeypatch: pytest.MonkeyPatch, version: str, table: str
) -> None:
    """A transaction that has an account reaches the next table at once, and the migration follows it."""
    monkeypatch.setattr("linkskipper.database.schema.LOCK_TIMEOUT", "60s")
    server = await asyncpg.connect(server_url)
    await server.execute("CREATE DATABASE crossing")
    migrating, worker = [await asyncpg.connect(named(server_url, "crossing")) for _ in range(2)]
    await upgrade(migrating, to=f"{int(version) - 1:04}")
    async with worker.transaction():
        await worker.execute("LOCK TABLE accounts IN ROW EXCLUSIVE MODE")
        migration = asyncio.create_task(upgrade(migrating, to=version))
        async with asyncio.timeout(60):
            while not await worker.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                await asyncio.sleep(0.01)
        await worker.execute(f"SET LOCAL lock_timeout = '10ms'; LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
    async with asyncio.timeout(60):
        await migration
    assert await current_revision(worker) == version
    for connection in (migrating, worker):
        await connection.close()
    await server.execute("DROP DATABASE crossing WITH (FORCE)")
    await server.close()


async def test_a_database_of_alembic_is_taken_over(server_url: str) -> None:
    """A database of version 0.1 is upgraded from its revision. From then on, version 0.1 refuses it."""
    connection = await asyncpg.connect(server_url)
    await connection.execute("CREATE DATABASE alembics")
    url = named(server_url, "alembics")
    old = await asyncpg.connect(url)
    for migration in read_migrations()[:2]:
        await old.execute(migration.sql)
    await old.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    await old.execute("INSERT INTO alembic_version VALUES ('0002')")
    assert await current_revision(old) == "0002"
    await migrate(url)
    assert await current_revision(old) == HEAD
    assert await old.fetchval("SELECT version_num FROM alembic_version") > HEAD
    await old.close()
    await connection.execute("DROP DATABASE alembics")
    await connection.close()


async def test_queue_outlives_a_crash_of_the_server(pool: Pool) -> None:
    """No table that jobs or money depend on is unlogged: PostgreSQL empties those after a crash."""
    unlogged = await pool.fetch("SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'")
    assert {row["relname"] for row in unlogged} == {"pgqueuer_log", "pgqueuer_statistics"}
