"""linkskipper db …"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from linkskipper.cli.database import find_database
from linkskipper.cli.options import DataDirOption, JsonOption, command_group
from linkskipper.cli.output import print_json
from linkskipper.cli.startup import start
from linkskipper.database import open_connection
from linkskipper.database.carry_over import carry_over
from linkskipper.database.schema import HEAD, current_revision, judge
from linkskipper.errors import SettingsError
from linkskipper.service.database import database
from linkskipper.service.migrate import migrate as apply_migrations

app = command_group(help="Manage the schema of the database.")


@app.command()
def migrate(data_dir: DataDirOption = None) -> None:
    """Bring the schema to the revision of this version. Change nothing if it has that revision already."""
    settings = find_database(start(data_dir=data_dir))
    with database(settings) as url:
        asyncio.run(apply_migrations(url))
    typer.echo(f"The schema is at {HEAD}.")


@app.command("upgrade-server")
def upgrade_server(
    programs: Annotated[
        Path,
        typer.Argument(metavar="PROGRAMS", help="Folder of the old programs, such as /usr/lib/postgresql/17/bin."),
    ],
    data_dir: DataDirOption = None,
) -> None:
    """Move the embedded database to the PostgreSQL of this version.

    Stop the service first. The old database is kept.
    """
    settings = start(data_dir=data_dir)
    if settings.database_url is not None:
        raise SettingsError("LINKSKIPPER_DATABASE_URL: the command is for the embedded database. Unset it.")
    kept = carry_over(settings.data_dir, programs)
    typer.echo(f"The database is carried over. Delete {kept} once everything works.")


@app.command()
def status(data_dir: DataDirOption = None, *, as_json: JsonOption = False) -> None:
    """Show the schema's revision. Exit with 1 if it is not the revision of this version."""
    settings = find_database(start(data_dir=data_dir))
    with database(settings) as url:
        revision = asyncio.run(_revision(url))
    state = judge(revision)
    if as_json:
        print_json({"revision": revision, "needed": HEAD, "state": state})
    else:
        typer.echo(f"The schema is {state}: revision {revision or 'none'}, and this version needs {HEAD}.")
    raise typer.Exit(0 if state == "current" else 1)


async def _revision(url: str) -> str | None:
    connection = await open_connection(url)
    try:
        return await current_revision(connection)
    finally:
        await connection.close()
