"""Output of `linkskipper resolve`: lines, CSV, JSON, hops and hints."""

import csv
import io
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path

import msgspec
import typer

from linkskipper.catalog import Catalog
from linkskipper.cli.resolve_resume import drop_incomplete_line, key_of
from linkskipper.cli.running import lab_settings
from linkskipper.egress import BadUrl, parse_url
from linkskipper.errors import InputError
from linkskipper.resolver import Hop, OnHop, Resolution, find_url

COLUMNS = ("url", "target_url", "provider", "tier", "reason", "detail")
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


class Format(StrEnum):
    """The form of the results."""

    PLAIN = "plain"
    CSV = "csv"
    NDJSON = "ndjson"


def ndjson_line(resolution: Resolution) -> str:
    """Return a resolution as one JSON object."""
    line = {
        "url": resolution.url,
        "target_url": resolution.target_url,
        "provider": resolution.provider,
        "tier": resolution.tier,
        "reason": resolution.reason,
        "detail": resolution.detail,
        "hops": resolution.hops,
    }
    return msgspec.json.encode(line).decode() + "\n"


def plain_line(resolution: Resolution) -> str:
    """Return a resolution as cells that are separated by tabs."""
    cells = (resolution.url, resolution.target_url, resolution.reason, resolution.detail)
    return "\t".join(key_of(cell or "") for cell in cells).rstrip("\t") + "\n"


def terminal_line(resolution: Resolution) -> str:
    """Return a resolution as a line for people."""
    if resolution.target_url is not None:
        return f"{resolution.url} {typer.style('→', fg='green')} {typer.style(resolution.target_url, bold=True)}\n"
    return f"{resolution.url} {typer.style(f'✗ {resolution.reason}', fg='red')}: {resolution.detail}\n"


def csv_line(resolution: Resolution) -> str:
    """Return a resolution as a row of CSV (RFC 4180, with plain line feeds)."""
    return _csv_row(key_of(getattr(resolution, column) or "") for column in COLUMNS)


def _csv_row(cells: Iterable[str]) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="\n").writerow(cells)
    return row.getvalue()


LINES: dict[Format, Callable[[Resolution], str]] = {
    Format.PLAIN: plain_line,
    Format.CSV: csv_line,
    Format.NDJSON: ndjson_line,
}


class Output:
    """Writes results to standard output, or to a file that an earlier run may have begun."""

    def __init__(self, format_: Format, file: Path | None) -> None:
        self._format = format_
        self._file = file
        self._for_people = format_ is Format.PLAIN and file is None and sys.stdout.isatty()
        self._line = terminal_line if self._for_people else LINES[format_]
        if file is None:
            self._descriptor, is_new = sys.stdout.fileno(), True
        else:
            self._descriptor, is_new = _open(file)
        if format_ is Format.CSV and is_new:
            self._write(_csv_row(COLUMNS))

    def write(self, resolution: Resolution) -> None:
        """Write a result at once."""
        self._write(self._line(resolution))

    def written_links(self) -> Iterator[str]:
        """Yield the links of the results that the file had before.

        Raises:
            InputError: the file is not in this format.
        """
        if self._file is None:
            return
        with self._file.open(encoding="utf-8", newline="") as stream:
            try:
                yield from map(key_of, _READERS[self._format](stream))
            except (csv.Error, msgspec.MsgspecError, UnicodeDecodeError, IndexError):
                raise InputError(f"{self._file} holds no results as --format {self._format} writes them.") from None

    def _write(self, line: str) -> None:
        if self._for_people:
            sys.stdout.write(line)  # the progress bar makes room for it
            return
        data = line.encode("utf-8", "replace")
        while data:
            data = data[os.write(self._descriptor, data) :]


def _open(file: Path) -> tuple[int, bool]:
    """Return a descriptor that appends to a file, and whether the file has no results yet.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        is_new = not file.exists() or not drop_incomplete_line(file)
        return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666), is_new
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.") from None


class _Url(msgspec.Struct):
    url: str


def _plain_links(stream: Iterable[str]) -> Iterator[str]:
    return (line.rstrip("\n").partition("\t")[0] for line in stream)


def _csv_links(stream: Iterable[str]) -> Iterator[str]:
    rows = csv.reader(stream)
    if next(rows, None) not in (None, list(COLUMNS)):
        raise csv.Error("other columns")
    return (row[0] for row in rows)


def _ndjson_links(stream: Iterable[str]) -> Iterator[str]:
    decoder = msgspec.json.Decoder(_Url)
    return (decoder.decode(line).url for line in stream)


_READERS: dict[Format, Callable[[Iterable[str]], Iterator[str]]] = {
    Format.PLAIN: _plain_links,
    Format.CSV: _csv_links,
    Format.NDJSON: _ndjson_links,
}


class OrderedOutput:
    """Writes results in the order of their links. Those that come early wait."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._next = 0
        self._early: dict[int, Resolution | None] = {}

    def write(self, number: int, resolution: Resolution | None) -> None:
        """Write the result of the link at a place, or note that the link is skipped."""
        self._early[number] = resolution
        while self._next in self._early:
            if (result := self._early.pop(self._next)) is not None:
                self._output.write(result)
            self._next += 1


def hop_printer() -> OnHop | None:
    """Return a function that prints hops as they happen. None where standard error is not a terminal."""
    return _print_hop if sys.stderr.isatty() else None


def _print_hop(hop: Hop) -> None:
    typer.secho(hop_line(hop), err=True, dim=True)


def hop_line(hop: Hop) -> str:
    """Return a hop as one line: status, mechanism, time, URL."""
    status = hop.status or ("-" if hop.mechanism else "✗")
    return f"{status:>3}  {hop.mechanism or '':<15}  {hop.milliseconds:>5.0f} ms  {hop.url}"


def unknown_host_hint(catalog: Catalog, link: str) -> str | None:
    """Say how to resolve a link of a host that no provider file lists. None for other links."""
    try:
        host = parse_url(find_url(link) or link).host
    except BadUrl:
        return None
    if catalog.owner(host) is not None or catalog.find_discontinued(host) is not None:
        return None
    if (file := lab_settings(host)) is not None:
        return LAB_HOST.format(host=host, file=shlex.quote(str(file)))
    return UNKNOWN_HOST.format(host=host, id=host.removeprefix("www.").replace(".", "-"))
