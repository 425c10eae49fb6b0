"""linkskipper providers …"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from linkskipper import settings as settings_module
from linkskipper.catalog import Catalog, Issue, LiveCatalog, Provider
from linkskipper.catalog import check as check_files
from linkskipper.catalog.loading.loader import BUILTIN
from linkskipper.cli import logs, samples
from linkskipper.cli.admin import print_json, print_table, with_database
from linkskipper.cli.options import AsJson, DataDir
from linkskipper.cli.record import record
from linkskipper.database import EmbeddedServer, Pool
from linkskipper.errors import OperatorError, UnknownRecordError
from linkskipper.provider_health import ProviderCondition, latency, read_conditions, switch_off, switch_on
from linkskipper.settings import Settings

SHOWN_HOSTS = 2
UNKNOWN = ProviderCondition()

app = typer.Typer(
    help="The shorteners that are known, and the files that say so.", add_completion=False, no_args_is_help=True
)
app.command()(record)
app.command("test")(samples.run_samples)


@app.command("list")
def list_(data_dir: DataDir = None, *, as_json: AsJson = False) -> None:
    """List the shorteners that are known; cost is in credits, status the file's.

    Where there is a database, health tells which are switched off and which fail just now.
    """
    settings = settings_module.load(data_dir=data_dir)
    providers = _catalog(settings).providers
    conditions = _conditions(settings, data_dir)
    if as_json:
        print_json([_as_dict(provider, conditions) for provider in providers])
    else:
        columns = ("id", "label", "tier", "cost", "status", "health", "latency", "hosts")
        print_table(columns, [_row(provider, conditions) for provider in providers])


@app.command()
def off(
    provider: Annotated[str, typer.Argument(metavar="ID", help="The provider's id.")],
    note: Annotated[str | None, typer.Option("--note", help="Why; shown by list, to operators only.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Take no more of a provider's links: clients get 503 within about a second. Queued ones still run."""
    _require(provider, data_dir)

    async def work(_: Settings, pool: Pool) -> None:
        await switch_off(pool, provider, note=note)

    with_database(data_dir, work)
    typer.echo(f"{provider} is switched off; linkskipper providers on {provider} takes its links again.")


@app.command()
def on(
    provider: Annotated[str, typer.Argument(metavar="ID", help="The provider's id.")],
    data_dir: DataDir = None,
) -> None:
    """Take a provider's links again."""
    _require(provider, data_dir)

    async def work(_: Settings, pool: Pool) -> None:
        await switch_on(pool, provider)

    with_database(data_dir, work)
    typer.echo(f"{provider} is switched on.")


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
    """Check provider files: a line on stderr for each thing that is wrong, and exit 1 if there is an error."""
    own = settings_module.load().providers_dir
    problems = _check_given(files, own) if files else [*check_files([BUILTIN]), *check_files([own] if own else [])]
    if as_json:
        print_json(problems)
    for problem in problems:
        typer.echo(str(problem), err=True)
    if any(problem.level == "error" for problem in problems):
        raise typer.Exit(1)
    typer.echo("All provider files are right." if not problems else "No errors.", err=True)


def _check_given(files: list[Path], own: Path | None) -> list[Issue]:
    """A file of the operator's directory is not alone there."""
    beside = own is not None and any(file.absolute().parent == own.absolute() for file in files)
    return check_files(files, beside=[own] if own is not None and beside else [])


def _require(provider: str, data_dir: Path | None) -> None:
    if _catalog(settings_module.load(data_dir=data_dir)).find(provider) is None:
        raise UnknownRecordError(f"There is no provider {provider}: see linkskipper providers list.")


def _catalog(settings: Settings) -> Catalog:
    """The catalogue as a service that starts now would have it: without the operator's broken files."""
    logs.configure(settings)
    return LiveCatalog(settings.providers_dir).catalog


def _conditions(settings: Settings, data_dir: Path | None) -> Mapping[str, ProviderCondition] | None:
    """How the providers fare; None where no database can tell."""
    if settings.database_url is None and not EmbeddedServer(settings.data_dir).exists:
        return None

    async def work(_: Settings, pool: Pool) -> Mapping[str, ProviderCondition]:
        return await read_conditions(pool)

    try:
        return with_database(data_dir, work)
    except OperatorError as error:
        typer.echo(f"linkskipper: without health and measured latency: {error}", err=True)
        return None


def _health(condition: ProviderCondition) -> str:
    """Everything that an operator who looks for trouble wants to know, in a line."""
    parts = []
    if condition.off_since is not None:
        parts.append(
            f"OFF since {condition.off_since:%Y-%m-%d %H:%M} UTC{f': {condition.note}' if condition.note else ''}"
        )
    if condition.failing_hosts:
        parts.append(f"failing: {_some(condition.failing_hosts)}")
    if condition.waiting:
        parts.append(f"{condition.waiting} wait for a slot")
    if failed := condition.stats.failures:
        parts.append(f"{failed} of the last {condition.stats.links} failed")
    return "; ".join(parts)


def _some(hosts: Sequence[str]) -> str:
    shown, more = ", ".join(hosts[:SHOWN_HOSTS]), len(hosts) - SHOWN_HOSTS
    return f"{shown} and {more} more" if more > 0 else shown


def _as_dict(provider: Provider, conditions: Mapping[str, ProviderCondition] | None) -> dict[str, object]:
    return {
        "id": provider.id,
        "label": provider.label,
        "tier": provider.tier,
        "cost": provider.resolve_cost,
        "status": provider.status,
        "hosts": provider.hosts,
        "health": None if conditions is None else _health_as_dict(conditions.get(provider.id, UNKNOWN)),
    }


def _health_as_dict(condition: ProviderCondition) -> dict[str, object]:
    stats = condition.stats
    figures = {"ended": stats.links, "done": stats.successes, "median": stats.median, "p90": stats.p90}
    return {
        "off_since": condition.off_since,
        "note": condition.note,
        "failing_hosts": condition.failing_hosts,
        "waiting": condition.waiting,
        "figures": figures,
    }


def _row(provider: Provider, conditions: Mapping[str, ProviderCondition] | None) -> tuple[object, ...]:
    condition = (conditions or {}).get(provider.id, UNKNOWN)
    return (
        provider.id,
        provider.label,
        provider.tier,
        provider.resolve_cost,
        provider.status,
        _health(condition),
        latency(provider, condition.stats),
        _some(provider.hosts),
    )
