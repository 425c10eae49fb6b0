"""linkskipper db …"""

import asyncio

import typer

from linkskipper.cli.database import find_database
from linkskipper.cli.options import DataDirOption, JsonOption, command_group
from linkskipper.cli.output import print_json
from linkskipper.cli.startup import start
from linkskipper.database import open_connection
from linkskipper.database.schema import HEAD, current_revision, judge
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
