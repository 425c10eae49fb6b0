"""All commands in one tree."""

from importlib.metadata import version
from typing import Annotated

import typer

from linkskipper.cli import accounts, db, keys, lab, providers, resolve, serve

app = typer.Typer(
    name="linkskipper",
    help="Give it a short link; get back where it really leads.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("serve")(serve.serve)
app.command("api")(serve.api)
app.command("worker")(serve.worker)
app.command("resolve")(resolve.resolve)
app.command("lab")(lab.lab)
app.add_typer(accounts.app, name="accounts", help="Accounts and their credits.")
app.add_typer(keys.app, name="keys", help="API keys: made, listed, revoked.")
app.add_typer(providers.app, name="providers", help="The shorteners that are known, and the files that say so.")
app.add_typer(db.app, name="db", help="The database's schema.")


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(version("linkskipper"))
        raise typer.Exit


@app.callback()
def root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Give it a short link; get back where it really leads."""
