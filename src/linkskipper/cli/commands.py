"""The tree of all commands, and the entry point."""

import errno
import os
import sys
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from linkskipper.cli.options import command_group
from linkskipper.errors import OperatorError
from linkskipper.version import VERSION

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for plugins takes as long as ten links


class Command(NamedTuple):
    """Where a command is defined, and the panel of --help that lists it with its summary.

    The summary is the first line of the command's own help, so that --help loads no command.
    """

    module: str
    attribute: str
    panel: str
    summary: str


SERVICE, LINKS, ADMINISTRATION = "Run the service", "Resolve links", "Administer the service"
COMMANDS = {
    "serve": Command("serve", "serve", SERVICE, "Run everything on this machine: database, migrations, API, workers."),
    "api": Command(
        "api", "api", SERVICE, "Run the HTTP API alone. Workers run in other processes on the same database."
    ),
    "worker": Command("worker", "worker", SERVICE, "Run a worker, which takes links from the queue and resolves them."),
    "resolve": Command(
        *("resolve", "resolve", LINKS),
        "Show where links lead, without opening the destination. Needs no server and no database.",
    ),
    "lab": Command(
        *("lab", "lab", LINKS),
        "Run the lab: local shorteners, one for each way in which links redirect, break or stop.",
    ),
    "listen": Command("listen", "listen", LINKS, "Show the events of a key's jobs, and forward them to a receiver."),
    "dashboard": Command("dashboard", "app", ADMINISTRATION, "Sign in to the dashboard."),
    "users": Command("users", "app", ADMINISTRATION, "Manage the people who may use the dashboard."),
    "accounts": Command("accounts", "app", ADMINISTRATION, "Manage accounts and their credits."),
    "vouchers": Command("vouchers", "app", ADMINISTRATION, "Manage codes that give credits to accounts."),
    "keys": Command("keys", "app", ADMINISTRATION, "Manage API keys."),
    "providers": Command(
        "providers", "app", ADMINISTRATION, "Manage providers (the shorteners that are known) and their files."
    ),
    "webhooks": Command("webhooks", "app", ADMINISTRATION, "Inspect webhook deliveries and send them again."),
    "queue": Command("queue", "app", ADMINISTRATION, "Manage the links that wait."),
    "jobs": Command("jobs", "app", ADMINISTRATION, "Show jobs of all accounts."),
    "doctor": Command(
        *("doctor", "examine", ADMINISTRATION),
        "Examine the installation: what is wrong, and what to do about it. Exit with 1 if there is a problem.",
    ),
    "health": Command(
        *("health", "health", ADMINISTRATION),
        "Check whether the service that these settings start on this machine is ready. Exit with 1 if it is not.",
    ),
    "backup": Command(
        *("backup", "back_up", ADMINISTRATION), "Write the database and the secret of the service to an encrypted file."
    ),
    "restore": Command("backup", "restore", ADMINISTRATION, "Restore a backup into an empty database."),
    "db": Command("db", "app", ADMINISTRATION, "Manage the schema of the database."),
}


class LazyGroup(TyperGroup):
    """Load the module of a command when the command is called. Loading all of them takes a second."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """List the commands without loading them."""
        for name, command in COMMANDS.items():
            stub = TyperCommand(name, help=command.summary, rich_help_panel=command.panel, rich_markup_mode="markdown")
            self.commands.setdefault(name, stub)
        super().format_help(ctx, formatter)

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


NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

app = command_group(name="linkskipper", cls=LazyGroup)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(VERSION)
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
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        typer.echo(f"linkskipper: cannot write: {error.strerror}.", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python still holds
        sys.exit(1)
