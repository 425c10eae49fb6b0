"""The tree of all commands, and the entry point."""

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from linkskipper.cli.options import command_group
from linkskipper.errors import OperatorError


class Command(NamedTuple):
    """Where a command is defined, and the panel of --help that lists it."""

    module: str
    attribute: str
    panel: str


SERVICE, LINKS, ADMINISTRATION = "Run the service", "Resolve links", "Administer the service"
COMMANDS = {
    "serve": Command("serve", "serve", SERVICE),
    "api": Command("api", "api", SERVICE),
    "worker": Command("worker", "worker", SERVICE),
    "resolve": Command("resolve", "resolve", LINKS),
    "lab": Command("lab", "lab", LINKS),
    "listen": Command("listen", "listen", LINKS),
    "accounts": Command("accounts", "app", ADMINISTRATION),
    "keys": Command("keys", "app", ADMINISTRATION),
    "providers": Command("providers", "app", ADMINISTRATION),
    "webhooks": Command("webhooks", "app", ADMINISTRATION),
    "db": Command("db", "app", ADMINISTRATION),
}


class LazyGroup(TyperGroup):
    """Load the module of a command when the command is called. Loading all of them takes a second."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of COMMANDS."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command. For an unknown name, load all: one of them may be meant."""
        for name in [cmd_name] if cmd_name in COMMANDS else COMMANDS:
            if name not in self.commands:
                self.add_command(_load(name), name)
        return super().get_command(ctx, cmd_name)


def _load(name: str) -> Any:
    command = COMMANDS[name]
    target = getattr(import_module(f"linkskipper.cli.{command.module}"), command.attribute)
    if not isinstance(target, typer.Typer):
        single = command_group()
        single.command()(target)
        target = single
    loaded: Any = get_command(target)
    loaded.name, loaded.rich_help_panel = name, command.panel
    return loaded


app = command_group(name="linkskipper", cls=LazyGroup)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(version("linkskipper"))
        raise typer.Exit


@app.callback()
def root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Resolve short links: find where they lead without opening the destination."""


def main() -> None:
    """Run a command. An error that the operator can fix is printed without a traceback, and exits with 1."""
    try:
        app()
    except OperatorError as error:
        for line in str(error).splitlines():
            typer.echo(f"linkskipper: {line}", err=True)
        sys.exit(1)
