"""Migrations: from nothing, twice, at once, and from the future."""

import asyncio

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from linkskipper.errors import SchemaError
from linkskipper.storage import Pool
from linkskipper.storage.schema import HEAD, MIGRATIONS, current_revision, migrate, require_current


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


async def test_newer_schema_is_refused(pool: Pool, database_url: str) -> None:
    """A database from a newer version is neither used nor changed."""
    await pool.execute("UPDATE alembic_version SET version_num = '9999'")
    async with pool.acquire() as connection:
        with pytest.raises(SchemaError, match="newer than this version"):
            await require_current(connection)
    with pytest.raises(SchemaError, match="newer than this version"):
        await migrate(database_url)
    assert await pool.fetchval("SELECT version_num FROM alembic_version") == "9999"


async def test_older_schema_says_how_to_migrate(pool: Pool) -> None:
    """A database that was not migrated names the command."""
    await pool.execute("DROP TABLE alembic_version")
    async with pool.acquire() as connection:
        with pytest.raises(SchemaError, match="linkskipper db migrate"):
            await require_current(connection)


def test_head_is_alembics() -> None:
    """The revision read from the file names is the one that Alembic finds."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_queue_outlives_a_crash_of_the_server(pool: Pool) -> None:
    """No table that jobs or money depend on is unlogged: PostgreSQL empties those after a crash."""
    unlogged = await pool.fetch("SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'")
    assert {row["relname"] for row in unlogged} == {"pgqueuer_log", "pgqueuer_statistics"}
