"""linkskipper db …"""

import asyncio

import typer

from linkskipper import settings as settings_module
from linkskipper.cli import logs
from linkskipper.cli.admin import print_json
from linkskipper.cli.options import AsJson, DataDir, command_tree
from linkskipper.database import open_connection
from linkskipper.database.schema import HEAD, current_revision, judge
from linkskipper.service.database import database
from linkskipper.service.migrate import migrate as bring_up_to_date

app = command_tree(help="The database's schema.")


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the schema to this version's; harmless where it is there already."""
    settings = settings_module.load(data_dir=data_dir)
    logs.configure(settings)
    with database(settings) as url:
        asyncio.run(bring_up_to_date(url))
    typer.echo(f"The schema is at {HEAD}.")


@app.command()
def status(data_dir: DataDir = None, *, as_json: AsJson = False) -> None:
    """Say which schema the database has; exit 1 where it is not this version's."""
    settings = settings_module.load(data_dir=data_dir)
    logs.configure(settings)
    with database(settings) as url:
        revision = asyncio.run(_revision(url))
    state = judge(revision)
    if as_json:
        print_json({"revision": revision, "needed": HEAD, "state": state})
    else:
        typer.echo(f"The database is at {revision or 'nothing yet'}, this version needs {HEAD}: {state}.")
    raise typer.Exit(0 if state == "current" else 1)


async def _revision(url: str) -> str | None:
    connection = await open_connection(url)
    try:
        return await current_revision(connection)
    finally:
        await connection.close()
