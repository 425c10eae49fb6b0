"""linkskipper resolve"""

import asyncio
import gc
import os
import sys
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol

import typer

from linkskipper.catalog import Catalog
from linkskipper.cli.output import note
from linkskipper.cli.provider_catalog import load_valid_catalog
from linkskipper.cli.resolve_feed import LinkFeed
from linkskipper.cli.resolve_input import LinkFile
from linkskipper.cli.resolve_output import Format, OrderedOutput, Output, hop_printer, unknown_host_hint
from linkskipper.cli.resolve_progress import ProgressCounter, shown
from linkskipper.cli.resolve_resume import ResumedLinks
from linkskipper.cli.startup import start
from linkskipper.egress import Client
from linkskipper.resolver import USER_AGENT, LinkResolver, OnHop, PageReader, Reason, Resolution
from linkskipper.service.resolving import browser_engine, egress_policy
from linkskipper.settings import Settings

if TYPE_CHECKING:
    from linkskipper.cli.recording import RecordingResolver

INTERRUPTED = 130
NEW_OBJECTS = 50_000


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
    column: Annotated[
        str | None,
        typer.Option(
            "--column",
            metavar="NAME",
            help="Read the links from this column of FILE, which is CSV.",
            show_default="none",
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="OUT",
            help="Write to OUT, and skip the links that an earlier run resolved there.",
            show_default="standard output",
        ),
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", metavar="FORMAT", help="Write plain lines, csv, or ndjson.")
    ] = Format.PLAIN,
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
    ordered: Annotated[bool, typer.Option("--ordered", help="Print the results in the order of the links.")] = False,
    generic: Annotated[
        bool, typer.Option("--generic", help="Also resolve links of unknown hosts, by the structure of their pages.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line, as --format ndjson.")
    ] = False,
) -> None:
    """Show where links lead, without opening the destination. Needs no server and no database.

    Prints one line per link as soon as it is resolved. In a pipe, the line holds the link, its target, the reason if
    it has no target, and details, separated by tabs. Exits with 1 if a link could not be resolved.

    A FILE may have any length. Hosts share the concurrency fairly. After Ctrl-C, run the same command with --resume
    again: it continues where it stopped.
    """
    if not urls and file is None:
        raise typer.BadParameter("give at least one link, or a --file that holds one", param_hint="URL")
    if column is not None and file is None:
        raise typer.BadParameter("needs a --file", param_hint="--column")
    links = LinkFile(file, column=column) if file is not None else None
    settings = start(library_only=True)
    catalog = load_valid_catalog(settings)
    output = Output(Format.NDJSON if as_json else format_, resume)
    bulk = _Bulk(urls or [], links, output, ordered=ordered)
    _run_to_end(_run(settings, catalog, bulk, _Options(concurrency, har, generic)), bulk)
    if not generic and bulk.unknown is not None and (hint := unknown_host_hint(catalog, bulk.unknown)):
        note(hint)
    if bulk.progress.failures:
        raise typer.Exit(1)


class _Options(NamedTuple):
    concurrency: int
    har: Path | None
    generic: bool


class _Resolver(Protocol):
    async def resolve(self, url: str, *, on_hop: OnHop | None = None) -> Resolution:
        """Resolve a link."""


class _Bulk:
    """The links of one call: where they come from, and where their results go."""

    def __init__(self, urls: list[str], links: LinkFile | None, output: Output, *, ordered: bool) -> None:
        self._urls = urls
        self._links = links
        self._output = output
        self._ordered = OrderedOutput(output) if ordered else None
        self.is_single = links is None and len(urls) == 1
        self.unknown: str | None = None
        self.feed = LinkFeed(self._batches(), resumed=ResumedLinks(output.written_links()), skip=self._skip)
        self.progress = ProgressCounter(lambda: links.read_share if links else 1.0, lambda: self.feed.waiting)

    def _batches(self) -> Iterator[list[str]]:
        if self._urls:
            yield self._urls
        if self._links is not None:
            yield from self._links.batches()

    def _skip(self, number: int) -> None:
        self.progress.skipped += 1
        if self._ordered is not None:
            self._ordered.write(number, None)

    async def work(self, resolver: _Resolver, on_hop: OnHop | None) -> None:
        """Resolve one link after the other until none is left."""
        while (link := await self.feed.take()) is not None:
            resolution = await resolver.resolve(link.text, on_hop=on_hop)
            if self._ordered is None:
                self._output.write(resolution)
            else:
                self._ordered.write(link.number, resolution)
            self.feed.finish(link)
            self.progress.add(resolution)
            if self.unknown is None and resolution.reason is Reason.UNSUPPORTED_LINK:
                self.unknown = link.text


async def _run(settings: Settings, catalog: Catalog, bulk: _Bulk, options: _Options) -> None:
    policy = egress_policy(settings)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(Client(policy, user_agent=USER_AGENT))
        reader = await stack.enter_async_context(PageReader())
        browser = await stack.enter_async_context(browser_engine(settings, policy))
        resolver: LinkResolver | RecordingResolver
        resolver = LinkResolver(catalog, client, reader, browser=browser, generic=options.generic)
        if options.har is not None:
            from linkskipper.cli.recording import saving  # noqa: PLC0415 - few commands record

            resolver = stack.enter_context(
                saving(options.har, catalog, client, reader, browser=browser, generic=options.generic)
            )
        if bulk.is_single:
            await bulk.work(resolver, hop_printer())
            return
        await stack.enter_async_context(shown(bulk.progress))
        tasks = [asyncio.create_task(bulk.work(resolver, None)) for _ in range(options.concurrency)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()


def _run_to_end(main: Coroutine[Any, Any, None], bulk: _Bulk) -> None:
    try:
        if bulk.is_single:
            asyncio.run(main)
        else:
            _run_bulk(main)
    except KeyboardInterrupt:
        if not bulk.is_single:
            note(f"Stopped. {bulk.progress.text()}. To continue here, run the same command with --resume.")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:  # the reader of the results has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None


def _run_bulk(main: Coroutine[Any, Any, None]) -> None:
    """Run with the parts that are worth their cost only for many links."""
    import uvloop  # noqa: PLC0415 - it takes longer to load than a link takes

    from linkskipper.service.process import allow_many_files  # noqa: PLC0415

    allow_many_files()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
