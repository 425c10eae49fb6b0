"""All commands in one tree, and the way in."""

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from linkskipper.cli.options import command_tree
from linkskipper.errors import OperatorError

# Each a module of this package, and in it a function or a Typer with more.
COMMANDS = {
    "serve": ("serve", "serve"),
    "api": ("serve", "api"),
    "worker": ("serve", "worker"),
    "resolve": ("resolve", "resolve"),
    "lab": ("lab", "lab"),
    "listen": ("listen", "listen"),
    "accounts": ("accounts", "app"),
    "keys": ("keys", "app"),
    "providers": ("providers", "app"),
    "webhooks": ("webhooks", "app"),
    "db": ("db", "app"),
}


class Commands(TyperGroup):
    """Loads a command's module when the command is called: all of them together take a second."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order in which they are listed here."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load the command; all of them for an unknown name, which may be meant for one of them."""
        for name in [cmd_name] if cmd_name in COMMANDS else COMMANDS:
            if name not in self.commands:
                self.add_command(_loaded(*COMMANDS[name]), name)
        return super().get_command(ctx, cmd_name)


def _loaded(module: str, attribute: str) -> Any:
    found = getattr(import_module(f"linkskipper.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return get_command(found)
    alone = command_tree()
    alone.command()(found)
    return get_command(alone)


app = command_tree(help="Give it a short link; get back where it really leads.", name="linkskipper", cls=Commands)


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
