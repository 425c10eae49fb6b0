"""linkskipper resolve"""

import asyncio
import sys
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from linkskipper.catalog import Catalog
from linkskipper.cli.output import note
from linkskipper.cli.provider_catalog import load_valid_catalog
from linkskipper.cli.recording import RecordingResolver, saving
from linkskipper.cli.resolve_output import Show, hop_printer, print_line, show_json, show_progress, unknown_host_hint
from linkskipper.cli.startup import start
from linkskipper.egress import Client
from linkskipper.resolver import USER_AGENT, LinkResolver, OnHop
from linkskipper.service.resolving import browser_engine, egress_policy
from linkskipper.settings import Settings

STDIN = Path("-")


def resolve(
    urls: Annotated[list[str] | None, typer.Argument(metavar="URL", help="Links to resolve.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            "-f",
            metavar="FILE",
            help="File with one link per line. - is standard input. Blank lines and # comments are skipped.",
            show_default="none",
        ),
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", metavar="NUMBER", min=1, max=1000, help="Links to resolve at the same time.")
    ] = 50,
    har: Annotated[
        Path | None,
        typer.Option(
            "--har", metavar="FILE", help="HAR file to record all exchanges to, with cookies.", show_default="none"
        ),
    ] = None,
    *,
    generic: Annotated[
        bool, typer.Option("--generic", help="Also resolve links of unknown hosts, by the structure of their pages.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Show where links lead, without opening the destination. Needs no server and no database.

    Prints one line per link as soon as it is resolved. In a pipe, the line holds the link, its target, the reason if
    it has no target, and details, separated by tabs. Exits with 1 if a link could not be resolved.
    """
    links = [*(urls or ()), *(_read_links(file) if file else ())]
    if not links:
        raise typer.BadParameter("give at least one link, or a --file that holds one", param_hint="URL")
    settings = start()
    catalog = load_valid_catalog(settings)
    if not asyncio.run(_run(settings, catalog, links, concurrency, har, generic=generic, as_json=as_json)):
        if not generic and (hint := unknown_host_hint(catalog, links)):
            note(hint)
        raise typer.Exit(1)


async def _run(
    settings: Settings,
    catalog: Catalog,
    links: list[str],
    concurrency: int,
    har: Path | None,
    *,
    generic: bool,
    as_json: bool,
) -> bool:
    policy, messages = egress_policy(settings), Console(stderr=True)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(Client(policy, user_agent=USER_AGENT))
        browser = await stack.enter_async_context(browser_engine(settings, policy))
        resolver: LinkResolver | RecordingResolver = LinkResolver(catalog, client, browser=browser, generic=generic)
        if har is not None:
            resolver = stack.enter_context(saving(har, catalog, client, browser=browser, generic=generic))
        show = stack.enter_context(show_progress(messages, len(links), show_json if as_json else print_line))
        return await _resolve_all(
            resolver, links, concurrency, show, hop_printer(messages) if len(links) == 1 else None
        )


async def _resolve_all(
    resolver: LinkResolver | RecordingResolver,
    links: Iterable[str],
    concurrency: int,
    show: Show,
    on_hop: OnHop | None,
) -> bool:
    """Resolve the links, `concurrency` at a time, and show each as it ends. Return whether all were resolved."""
    waiting = iter(links)
    all_resolved = True

    async def work() -> None:
        nonlocal all_resolved
        for link in waiting:
            resolution = await resolver.resolve(link, on_hop=on_hop)
            all_resolved = all_resolved and resolution.reason is None
            show(resolution)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
    return all_resolved


def _read_links(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if file == STDIN else file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="--file") from None
    stripped = [line.strip() for line in text.splitlines()]
    return [line for line in stripped if line and not line.startswith("#")]
