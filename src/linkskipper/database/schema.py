"""The database schema: numbered SQL files, applied in order, each once.

A migration is a file `migrations/NNNN_name.sql`. The table `schema_migrations` holds one row for each file that was
applied (docs/decisions/0015-numbered-sql-files.md).
"""

import asyncio
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

import asyncpg
import msgspec

from linkskipper.database.pool import Connection
from linkskipper.errors import LockTimeout, SchemaError

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = max(file.name[:4] for file in MIGRATIONS.glob("[0-9]*.sql"))
# While a migration waits for a lock, others wait behind it. It waits for less time than deadlock_timeout: of two that
# wait for each other, the migration gives way.
LOCK_TIMEOUT = "200ms"
LOCK_TRIES = 100
RETRY_SECONDS = 1
LOCK_FIRST = dict.fromkeys(("0013", "0018"), "LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE")
"""What a migration locks before its file, where the file locks tables in another order than transactions of jobs do.

Such a transaction would hold what the migration needs next, and wait for what it has, again and again.
"""
MIGRATION_LOCK = 0x4C534B50  # "LSKP": one process migrates at a time

CREATE_TABLE = """
CREATE TABLE schema_migrations (
    version text PRIMARY KEY,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
INSERT = "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)"
LAST = "SELECT max(version) FROM schema_migrations"
APPLIED = "SELECT version, checksum FROM schema_migrations"
EXISTS = "SELECT to_regclass($1) IS NOT NULL"

State = Literal["current", "behind", "newer"]


class Migration(msgspec.Struct, frozen=True):
    """One migration file: its four-digit version, its name, and its SQL."""

    version: str
    name: str
    sql: str

    @property
    def checksum(self) -> bytes:
        """SHA-256 of the SQL."""
        return sha256(self.sql.encode()).digest()


@cache
def read_migrations() -> tuple[Migration, ...]:
    """Read all migration files, in the order in which they are applied."""
    return tuple(
        Migration(file.stem[:4], file.stem[5:], file.read_text(encoding="utf-8"))
        for file in sorted(MIGRATIONS.glob("[0-9]*.sql"))
    )


async def current_revision(connection: Connection) -> str | None:
    """Return the version of the last migration that was applied, None for an empty database."""
    revision: str | None
    if await connection.fetchval(EXISTS, "schema_migrations"):
        revision = await connection.fetchval(LAST)
        return revision
    return await _alembic_revision(connection)


def judge(revision: str | None) -> State:
    """Compare a database's revision with the one that this version needs."""
    if revision == HEAD:
        return "current"
    return "newer" if revision is not None and revision > HEAD else "behind"


async def require_current(connection: Connection) -> None:
    """Refuse a database whose schema is not the one that this version needs.

    Raises:
        SchemaError: the schema is older or newer. The message says what to do.
    """
    revision = await current_revision(connection)
    match judge(revision):
        case "newer":
            raise SchemaError(
                f"The database's schema ({revision}) is newer than this version of Link Skipper ({HEAD}): "
                "install the newer version again."
            )
        case "behind":
            raise SchemaError(
                f"The database's schema ({revision or 'empty'}) is older than this version needs ({HEAD}): "
                "run linkskipper db migrate."
            )


async def upgrade(connection: Connection, *, to: str = HEAD) -> None:
    """Apply the migrations that the database lacks, each in a transaction of its own.

    The caller holds MIGRATION_LOCK.

    Raises:
        SchemaError: the schema is newer, an applied file was changed, or a table stayed locked.
    """
    if judge(await current_revision(connection)) == "newer":
        await require_current(connection)
    applied = await _applied(connection)
    for migration in read_migrations():
        if migration.version in applied:
            _check_unchanged(migration, applied[migration.version])
        elif migration.version <= to:
            await _apply(connection, migration)


async def _applied(connection: Connection) -> dict[str, bytes]:
    """Return the checksums of the applied migrations by version, and make their table where it is missing."""
    if not await connection.fetchval(EXISTS, "schema_migrations"):
        async with connection.transaction():
            await connection.execute(CREATE_TABLE)
            await _adopt_from_alembic(connection)
    return {row["version"]: row["checksum"] for row in await connection.fetch(APPLIED)}


async def _adopt_from_alembic(connection: Connection) -> None:
    """Take over a database of version 0.1, which Alembic migrated, and make that version refuse it."""
    revision = await _alembic_revision(connection)
    if revision is None:
        return
    for migration in read_migrations():
        if migration.version <= revision:
            await connection.execute(INSERT, migration.version, migration.name, migration.checksum)
    await connection.execute("UPDATE alembic_version SET version_num = 'replaced'")


async def _alembic_revision(connection: Connection) -> str | None:
    if not await connection.fetchval(EXISTS, "alembic_version"):
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision


def _check_unchanged(migration: Migration, checksum: bytes) -> None:
    if migration.checksum != checksum:
        raise SchemaError(
            f"The migration {migration.version}_{migration.name} was changed after this database had applied it: "
            "restore the file, and write the change as a new migration."
        )


async def _apply(connection: Connection, migration: Migration) -> None:
    """Apply a migration while others use its tables. It gives way to them between its tries."""
    for _ in range(LOCK_TRIES):
        try:
            return await _try_to_apply(connection, migration)
        except (LockTimeout, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(RETRY_SECONDS)
    raise SchemaError(
        f"The migration {migration.version}_{migration.name} found a table locked {LOCK_TRIES} times: "
        "stop the processes that use the database, and migrate again."
    )


async def _try_to_apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        if migration.version in LOCK_FIRST:
            await connection.execute(LOCK_FIRST[migration.version])
        await connection.execute(migration.sql)
        await connection.execute(INSERT, migration.version, migration.name, migration.checksum)
