"""linkskipper providers …"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from linkskipper.audit import AuditEntry
from linkskipper.audit import record as record_entry
from linkskipper.catalog import Catalog, Issue, Provider
from linkskipper.catalog import check as check_files
from linkskipper.catalog.issues import some_of
from linkskipper.catalog.loading.loader import BUILTIN
from linkskipper.cli.database import find_database, has_database, work_on
from linkskipper.cli.options import DataDirOption, JsonOption, ProviderArgument, command_group
from linkskipper.cli.output import note, print_json, print_table
from linkskipper.cli.provider_catalog import load_valid_catalog
from linkskipper.cli.provider_record import record
from linkskipper.cli.provider_test import run_samples
from linkskipper.cli.startup import start
from linkskipper.database import Pool
from linkskipper.errors import OperatorError, UnknownRecordError
from linkskipper.provider_health import ProviderCondition, latency, read_conditions, switch_off, switch_on
from linkskipper.settings import Settings

SHOWN_HOSTS = 2
UNKNOWN = ProviderCondition()

app = command_group(help="Manage providers (the shorteners that are known) and their files.")


@app.command("list")
def list_(data_dir: DataDirOption = None, *, as_json: JsonOption = False) -> None:
    """List all providers, with cost in credits and the status that their files declare.

    If there is a database, health shows which providers are switched off and which hosts fail.
    """
    settings = start(data_dir=data_dir)
    providers = load_valid_catalog(settings).providers
    conditions = _read_conditions(settings)
    if as_json:
        print_json([_as_dict(provider, conditions) for provider in providers])
    else:
        columns = ("id", "label", "tier", "cost", "status", "health", "latency", "hosts")
        print_table(columns, [_row(provider, conditions) for provider in providers])


@app.command()
def off(
    provider: ProviderArgument,
    reason: Annotated[
        str | None,
        typer.Option("--note", metavar="TEXT", help="Reason, shown by list.", show_default="none"),
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Refuse new links of a provider.

    Clients get 503 within about a second. Queued links are still resolved.
    """

    settings = start(data_dir=data_dir)
    _require(provider, settings)

    async def work(_: Settings, pool: Pool) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await switch_off(connection, provider, note=reason)
            subject = provider if reason is None else f"{provider}: {reason}"
            await record_entry(connection, AuditEntry(action="provider.off", subject=subject))

    work_on(find_database(settings), work)
    typer.echo(f"{provider} is switched off. Switch it on with: linkskipper providers on {provider}")


@app.command()
def on(provider: ProviderArgument, data_dir: DataDirOption = None) -> None:
    """Accept links of a provider again."""

    settings = start(data_dir=data_dir)
    _require(provider, settings)

    async def work(_: Settings, pool: Pool) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await switch_on(connection, provider)
            await record_entry(connection, AuditEntry(action="provider.on", subject=provider))

    work_on(find_database(settings), work)
    typer.echo(f"{provider} is switched on.")


@app.command()
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="Provider files, or directories of them.",
            show_default="the built-in files and LINKSKIPPER_PROVIDERS_DIR",
        ),
    ] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check provider files.

    Prints one line on stderr for each issue. Exits with 1 if one of them is an error.
    """
    own = start().providers_dir
    issues = _check_given(files, own) if files else [*check_files([BUILTIN]), *_check_given([own] if own else [], own)]
    if as_json:
        print_json(issues)
    for issue in issues:
        note(str(issue))
    if any(strict or issue.level == "error" for issue in issues):
        raise typer.Exit(1)
    note("No errors." if issues else "All provider files are valid.")


app.command("test")(run_samples)
app.command()(record)


def _check_given(paths: list[Path], own: Path | None) -> list[Issue]:
    """Check files with their neighbors in the operator's directory, on top of the built-in files."""
    beside = own is not None and any(path.absolute().parent == own.absolute() for path in paths)
    beneath = Catalog.load() if any(path.absolute() != BUILTIN for path in paths) else None
    return check_files(paths, beside=[own] if own is not None and beside else [], beneath=beneath)


def _require(provider: str, settings: Settings) -> None:
    if load_valid_catalog(settings).find(provider) is None:
        raise UnknownRecordError.of(f"Provider {provider}", "providers")


def _read_conditions(settings: Settings) -> Mapping[str, ProviderCondition] | None:
    """Return the conditions of providers by id, None where no database has them."""

    async def work(_: Settings, pool: Pool) -> Mapping[str, ProviderCondition]:
        return await read_conditions(pool)

    if not has_database(settings):
        return None
    try:
        return work_on(find_database(settings), work)
    except OperatorError as error:
        note(f"Warning: health and measured latency are missing: {error}")
        return None


def _health(condition: ProviderCondition) -> str:
    """Return everything that an operator looks for when there is trouble, in one line."""
    parts = []
    if condition.off_since is not None:
        reason = f": {condition.note}" if condition.note else ""
        parts.append(f"OFF since {condition.off_since:%Y-%m-%d %H:%M} UTC{reason}")
    if condition.failing_hosts:
        parts.append(f"failing: {some_of(condition.failing_hosts, SHOWN_HOSTS)}")
    if condition.waiting:
        parts.append(f"{condition.waiting} wait for a slot")
    if failed := condition.stats.failures:
        parts.append(f"{failed} of the last {condition.stats.links} failed")
    return "; ".join(parts)


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
        some_of(provider.hosts, SHOWN_HOSTS),
    )
