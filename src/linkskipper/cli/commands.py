"""All commands in one tree, and the way in."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from linkskipper.cli import accounts, db, keys, lab, listen, providers, resolve, serve, webhooks
from linkskipper.errors import OperatorError

app = typer.Typer(
    name="linkskipper",
    help="Give it a short link; get back where it really leads.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # it would take "[default: …]" for markup
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("serve")(serve.serve)
app.command("api")(serve.api)
app.command("worker")(serve.worker)
app.command("resolve")(resolve.resolve)
app.command("lab")(lab.lab)
app.command("listen")(listen.listen)
app.add_typer(accounts.app, name="accounts", help="Accounts and their credits.")
app.add_typer(keys.app, name="keys", help="API keys: made, listed, revoked.")
app.add_typer(providers.app, name="providers", help="The shorteners that are known, and the files that say so.")
app.add_typer(webhooks.app, name="webhooks", help="What the ends of jobs were told to, and how it went.")
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


def main() -> None:
    """Run a command; what the operator can mend is one line and exit 1, never a traceback."""
    try:
        app()
    except OperatorError as error:
        typer.echo(f"linkskipper: {error}", err=True)
        sys.exit(1)
