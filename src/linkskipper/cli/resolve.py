"""linkskipper resolve …: the engine alone, with no server and no database."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from linkskipper import settings as settings_module
from linkskipper.cli import logs
from linkskipper.cli.recorder import OutcomeRecorder, saving
from linkskipper.egress import Client
from linkskipper.resolver import USER_AGENT, Hop, LinkResolver, Resolution
from linkskipper.service.resolving import browser_engine, egress_policy, load_catalog

STDIN = Path("-")

Show = Callable[[Resolution], None]


def resolve(
    urls: Annotated[list[str] | None, typer.Argument(metavar="URL", help="Links to resolve.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            "-f",
            help="A file of links, one a line; - is standard input. Blank lines and # comments are skipped.",
        ),
    ] = None,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=1000, help="Links at once.")] = 50,
    har: Annotated[
        Path | None,
        typer.Option("--har", metavar="FILE", help="Keep all that is exchanged, cookies too, as a HAR file."),
    ] = None,
    *,
    generic: Annotated[
        bool, typer.Option("--generic", help="Try links of unknown hosts too, as what their pages look like.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
) -> None:
    """Show where links lead, without opening that; no server needed.

    A line a link, as it is resolved. Where the output is no terminal: the link, its target, the reason if it has
    none and the details, with tabs between. Exits with 1 if any link could not be resolved.
    """
    links = [*(urls or ()), *(_read_links(file) if file else ())]
    if not links:
        raise typer.BadParameter("give at least one link, or --file with some in it", param_hint="URL")
    settings = settings_module.load()
    logs.configure(settings)
    catalog, policy = load_catalog(settings), egress_policy(settings)
    messages = Console(stderr=True)
    show, on_hop = _show_json if as_json else _show_line, hop_shower(messages) if len(links) == 1 else None

    async def run() -> bool:
        async with Client(policy, user_agent=USER_AGENT) as client, browser_engine(settings, policy) as browser:
            plain = LinkResolver(catalog, client, browser=browser, generic=generic)
            recording = None if har is None else saving(har, catalog, client, browser=browser, generic=generic)
            resolving = recording or nullcontext(plain)
            with resolving as resolver, _progress(messages, len(links), show) as show_one:
                return await _resolve_all(resolver, links, concurrency, show_one, on_hop)

    if not asyncio.run(run()):
        raise typer.Exit(1)


async def _resolve_all(
    resolver: LinkResolver | OutcomeRecorder,
    links: Iterable[str],
    concurrency: int,
    show: Show,
    on_hop: Callable[[Hop], None] | None,
) -> bool:
    """Resolve so many at once and show each as it ends; tells whether all were resolved."""
    waiting = iter(links)
    all_done = True

    async def work() -> None:
        nonlocal all_done
        for link in waiting:
            resolution = await resolver.resolve(link, on_hop=on_hop)
            all_done = all_done and resolution.reason is None
            show(resolution)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
    return all_done


def _read_links(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if file == STDIN else file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="--file") from None
    stripped = [line.strip() for line in text.splitlines()]
    return [line for line in stripped if line and not line.startswith("#")]


def _show_json(resolution: Resolution) -> None:
    line = {
        "url": resolution.url,
        "target_url": resolution.target_url,
        "provider": resolution.provider,
        "tier": resolution.tier,
        "reason": resolution.reason,
        "hops": resolution.hops,
    }
    typer.echo(msgspec.json.encode(line))


def _show_line(resolution: Resolution) -> None:
    if not sys.stdout.isatty():
        cells = (resolution.url, resolution.target_url, resolution.reason, resolution.detail)
        line = "\t".join(" ".join((cell or "").split()) for cell in cells).rstrip("\t")
    elif resolution.target_url is not None:
        line = f"{resolution.url} {typer.style('→', fg='green')} {typer.style(resolution.target_url, bold=True)}"
    else:
        line = f"{resolution.url} {typer.style(f'✗ {resolution.reason}', fg='red')}: {resolution.detail}"
    # Not typer.echo: it goes past the progress bar, which must make room.
    sys.stdout.write(f"{line}\n")


def hop_shower(console: Console) -> Callable[[Hop], None] | None:
    """Shows hops as they happen; None where nobody watches."""
    if not console.is_terminal:
        return None

    def show(hop: Hop) -> None:
        console.print(hop_line(hop), style="dim", markup=False, emoji=False, highlight=False, soft_wrap=True)

    return show


def hop_line(hop: Hop) -> str:
    """A hop in a line: status, how it passed on, time, URL."""
    status = hop.status or ("-" if hop.mechanism else "✗")
    return f"{status:>3}  {hop.mechanism or '':<15}  {hop.milliseconds:>5.0f} ms  {hop.url}"


@contextmanager
def _progress(console: Console, total: int, show: Show) -> Iterator[Show]:
    """Wraps `show` so that a bar moves with it, where there are many links and somebody watches."""
    if total == 1 or not console.is_terminal:
        yield show
        return
    columns = (TextColumn("Resolving"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Lines on the same terminal must pass above the bar; a pipe's must not pass through it.
    with Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as progress:
        task = progress.add_task("", total=total)

        def show_and_count(resolution: Resolution) -> None:
            show(resolution)
            progress.advance(task)

        yield show_and_count
