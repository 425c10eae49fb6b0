"""Output of `linkskipper resolve`: lines, JSON, hops, progress and hints."""

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from linkskipper.catalog import Catalog
from linkskipper.cli.running import lab_settings
from linkskipper.egress import BadUrl, parse_url
from linkskipper.resolver import Hop, OnHop, Resolution

Show = Callable[[Resolution], None]

UNKNOWN_HOST = """\
No provider file lists {host}. Add --generic to resolve the link by the structure of its pages.
To support the host, write these lines to a .toml file in the directory that LINKSKIPPER_PROVIDERS_DIR names:

  id = "{id}"
  label = "{host}"
  hosts = ["{host}"]
  tier = "standard"

linkskipper providers check checks the file."""
LAB_HOST = """\
{host} is a host of the lab that runs on this machine. Load the settings that lead there first:

  . {file}"""


def show_json(resolution: Resolution) -> None:
    """Print a resolution as one JSON object."""
    line = {
        "url": resolution.url,
        "target_url": resolution.target_url,
        "provider": resolution.provider,
        "tier": resolution.tier,
        "reason": resolution.reason,
        "hops": resolution.hops,
    }
    typer.echo(msgspec.json.encode(line))


def print_line(resolution: Resolution) -> None:
    """Print a resolution as one line: for people on a terminal, else separated by tabs."""
    if not sys.stdout.isatty():
        cells = (resolution.url, resolution.target_url, resolution.reason, resolution.detail)
        line = "\t".join(" ".join((cell or "").split()) for cell in cells).rstrip("\t")
    elif resolution.target_url is not None:
        line = f"{resolution.url} {typer.style('→', fg='green')} {typer.style(resolution.target_url, bold=True)}"
    else:
        line = f"{resolution.url} {typer.style(f'✗ {resolution.reason}', fg='red')}: {resolution.detail}"
    # typer.echo would write past the progress bar, which must make room for the line.
    sys.stdout.write(f"{line}\n")


def hop_printer(console: Console) -> OnHop | None:
    """Return a function that prints hops as they happen. None where the console is not a terminal."""
    if not console.is_terminal:
        return None

    def print_hop(hop: Hop) -> None:
        console.print(hop_line(hop), style="dim", markup=False, emoji=False, highlight=False, soft_wrap=True)

    return print_hop


def hop_line(hop: Hop) -> str:
    """Return a hop as one line: status, mechanism, time, URL."""
    status = hop.status or ("-" if hop.mechanism else "✗")
    return f"{status:>3}  {hop.mechanism or '':<15}  {hop.milliseconds:>5.0f} ms  {hop.url}"


@contextmanager
def show_progress(console: Console, total: int, show: Show) -> Iterator[Show]:
    """Wrap `show` so that it moves a progress bar, if there are several links and the console is a terminal."""
    if total == 1 or not console.is_terminal:
        yield show
        return
    columns = (TextColumn("Resolving"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # On a terminal, lines go above the bar. In a pipe, they must not pass through it.
    with Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as progress:
        task = progress.add_task("", total=total)

        def show_and_count(resolution: Resolution) -> None:
            show(resolution)
            progress.advance(task)

        yield show_and_count


def unknown_host_hint(catalog: Catalog, links: Iterable[str]) -> str | None:
    """Say how to resolve links of a host that no provider file lists, for the first such host."""
    for link in links:
        try:
            host = parse_url(link).host
        except BadUrl:
            continue
        if catalog.owner(host) is None and catalog.find_discontinued(host) is None:
            if (file := lab_settings(host)) is not None:
                return LAB_HOST.format(host=host, file=shlex.quote(str(file)))
            return UNKNOWN_HOST.format(host=host, id=host.removeprefix("www.").replace(".", "-"))
    return None
