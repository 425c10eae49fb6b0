"""The database schema: its revisions, and the one that this version needs."""

from io import StringIO
from pathlib import Path
from typing import Literal

from linkskipper.database.pool import Connection
from linkskipper.errors import SchemaError

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = max(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
MIGRATION_LOCK = 0x4C534B50  # "LSKP": one process migrates at a time

State = Literal["current", "behind", "newer"]


async def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None for an empty database."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision


def judge(revision: str | None) -> State:
    """How the database's revision stands to the one that this version works with."""
    if revision == HEAD:
        return "current"
    return "newer" if revision is not None and revision > HEAD else "behind"


async def require_current(connection: Connection) -> None:
    """Refuse a database whose schema this version does not know.

    Raises:
        SchemaError: says what to do.
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


def upgrade_script(revision: str | None, to: str = "head") -> str:
    """The SQL, one transaction, that brings a database from one revision to another."""
    # Alembic takes half a second to import: only a start that migrates pays for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    script = StringIO()
    config = Config(output_buffer=script)
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, f"{revision or 'base'}:{to}", sql=True)
    return script.getvalue()
