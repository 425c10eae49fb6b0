"""linkskipper dashboard …"""

from typing import Annotated

import typer

from linkskipper.cli.database import find_database, work_on
from linkskipper.cli.login_link import address_of_dashboard, login_link
from linkskipper.cli.options import DataDirOption, command_group
from linkskipper.cli.output import note
from linkskipper.cli.startup import start
from linkskipper.database import Pool
from linkskipper.people import LINK_LIFETIME
from linkskipper.settings import Settings

app = command_group(help="Sign in to the dashboard.")

UserOption = Annotated[
    str | None, typer.Option("--user", metavar="NAME", help="User to sign in.", show_default="the first operator")
]
EndSessionsOption = Annotated[bool, typer.Option("--end-sessions", help="Also end all sessions of the user.")]


@app.callback()
def group() -> None:
    """Sign in to the dashboard."""


@app.command()
def login(user: UserOption = None, data_dir: DataDirOption = None, *, end: EndSessionsOption = False) -> None:
    """Print a link that signs a person in once. Use it also if the person lost a password or a phone."""
    settings = find_database(start(data_dir=data_dir))

    async def work(_: Settings, pool: Pool) -> str:
        return await login_link(pool, address_of_dashboard(settings), user, end=end)

    typer.echo(work_on(settings, work))
    note(f"Open it within {int(LINK_LIFETIME.total_seconds()) // 60} minutes. It works once.")
