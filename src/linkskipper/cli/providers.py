"""linkskipper providers …"""

from pathlib import Path
from typing import Annotated

import typer

from linkskipper import settings as settings_module
from linkskipper.app import load_catalog
from linkskipper.catalog import Provider
from linkskipper.catalog import check as check_files
from linkskipper.catalog.loader import BUILTIN
from linkskipper.cli.admin import print_json, print_table
from linkskipper.cli.options import AsJson

SHOWN_HOSTS = 4

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the shorteners that are known; cost is in credits."""
    providers = load_catalog(settings_module.load()).providers
    if as_json:
        print_json([_as_dict(provider) for provider in providers])
    else:
        print_table(("id", "label", "tier", "cost", "status", "hosts"), [_row(provider) for provider in providers])


@app.command()
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="Provider files, or directories of them. [default: the built-in ones and LINKSKIPPER_PROVIDERS_DIR]",
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check provider files: a line on stderr for each thing that is wrong, and exit 1 if there is any."""
    problems = (
        check_files(files) if files else [problem for place in _usual_places() for problem in check_files([place])]
    )
    if as_json:
        print_json(problems)
    for problem in problems:
        typer.echo(str(problem), err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo("All provider files are right.", err=True)


def _usual_places() -> list[Path]:
    own = settings_module.load().providers_dir
    return [BUILTIN, *([own] if own else [])]


def _as_dict(provider: Provider) -> dict[str, object]:
    return {
        "id": provider.id,
        "label": provider.label,
        "tier": provider.tier,
        "cost": provider.resolve_cost,
        "status": provider.status,
        "hosts": provider.hosts,
    }


def _row(provider: Provider) -> tuple[object, ...]:
    shown = ", ".join(provider.hosts[:SHOWN_HOSTS])
    more = len(provider.hosts) - SHOWN_HOSTS
    hosts = f"{shown} and {more} more" if more > 0 else shown
    return provider.id, provider.label, provider.tier, provider.resolve_cost, provider.status, hosts
