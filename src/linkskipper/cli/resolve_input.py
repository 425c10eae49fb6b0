"""Read the links of `linkskipper resolve` piece by piece, so that the size of a file does not matter."""

import codecs
import csv
import io
import os
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import typer

from linkskipper.cli import shortcut_files
from linkskipper.errors import InputError
from linkskipper.resolver import split_links

STDIN = Path("-")
CHUNK = 64 * 1024
MAX_CELL = 1024 * 1024  # characters of a cell of CSV
ROWS = 500  # of CSV in a batch
DELIMITERS = ",;\t"
EXCEL_MARKS = frozenset(f"sep={mark}" for mark in DELIMITERS)
"""A first line that tells Excel the delimiter."""
TABLES = frozenset({".csv", ".tsv"})
# The longer marks first: that of UTF-32 begins with that of UTF-16.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Archives, spreadsheets, documents: nobody means their bytes as text.
NO_TEXT = (
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"(\xb5/\xfd",
    b"%PDF-",
    b"\xd0\xcf\x11\xe0",
    b"bplist",
)


class LinkFile:
    """A file of links: those of each line, of a column of CSV, or of a shortcut. `-` is standard input.

    Raises:
        typer.BadParameter: the file cannot be read.
    """

    def __init__(self, path: Path, *, column: str | None) -> None:
        self._path = path
        self._column = column
        self._read_bytes = 0
        try:
            self._descriptor = 0 if path == STDIN else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            status = os.fstat(self._descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError(21, "Is a directory")
        except OSError as error:
            raise typer.BadParameter(f"{path} cannot be read: {error.strerror}", param_hint="--file") from None
        self._size = status.st_size if stat.S_ISREG(status.st_mode) else None

    @property
    def read_share(self) -> float | None:
        """The share of the file that was read. None for a pipe, whose length nobody knows."""
        return min(1.0, self._read_bytes / self._size) if self._size else None

    def batches(self) -> Iterator[list[str]]:
        """Yield the links as they come.

        Raises:
            InputError: the file cannot be read any further, is not text, is not CSV, or has no such column.
        """
        try:
            yield from self._links()
        except OSError as error:
            raise InputError(f"{self._path} cannot be read: {error.strerror}.") from None
        except csv.Error as error:
            raise InputError(f"{self._path} is not CSV: {error}.") from None

    def _links(self) -> Iterator[list[str]]:
        if self._column is not None:
            return self._cells(self._column)
        if self._path.suffix.lower() in shortcut_files.SUFFIXES:
            return iter([[self._shortcut()]])
        return self._lines()

    def _shortcut(self) -> str:
        data = b""
        while len(data) <= shortcut_files.MAX_BYTES and (chunk := os.read(self._descriptor, CHUNK)):
            data += chunk
        self._read_bytes = len(data)
        link = shortcut_files.shortcut_link(data, _encoding(data))
        if link is None or len(data) > shortcut_files.MAX_BYTES:
            raise InputError(f"{self._path} is not a shortcut to a link.")
        return link

    def _lines(self) -> Iterator[list[str]]:
        """Yield the lines without blank ones, comments, and brackets of JSON that stand alone."""
        is_first = True
        for lines in self._whole_lines():
            if is_first and self._path.suffix.lower() in TABLES and any(mark in lines[0] for mark in DELIMITERS):
                raise InputError(f"{self._path} is a table. Name the column of the links with --column.")
            is_first = False
            stripped = (line.strip() for line in lines)
            yield [link for line in stripped if _holds_link(line) for link in split_links(line)]

    def _cells(self, column: str) -> Iterator[list[str]]:
        """Yield the cells of a column. A row that is too short has an empty cell."""
        csv.field_size_limit(MAX_CELL)
        lines = (line for lines in self._whole_lines() for line in lines)
        header = next(lines, "")
        if header.strip("\r\n") in EXCEL_MARKS:
            header = next(lines, "")
        rows = csv.reader(chain([header], lines), delimiter=max(DELIMITERS, key=header.count))
        names = next(rows, [])
        if column not in names:
            raise InputError(f"{self._path} has no column {column}. It has {', '.join(names) or 'none'}.")
        index = names.index(column)
        batch = []
        for row in rows:
            if row:
                batch.extend(split_links(row[index].strip() if index < len(row) else ""))
            if len(batch) >= ROWS:
                yield batch
                batch = []
        yield batch

    def _whole_lines(self) -> Iterator[list[str]]:
        """Yield the lines that each piece of the file completes, with their ends."""
        rest: list[str] = []
        for text in self._texts():
            *lines, last = text.split("\n")
            if lines:
                lines[0] = "".join((*rest, lines[0]))
                rest = []
                yield [f"{line}\n" for line in lines]
            rest.append(last)
        if any(rest):
            yield ["".join(rest)]

    def _texts(self) -> Iterator[str]:
        """Yield the file as text. Bytes that are not text become replacement characters, which no link has."""
        decoder: io.IncrementalNewlineDecoder | None = None
        while data := os.read(self._descriptor, CHUNK):
            self._read_bytes += len(data)
            if decoder is None:
                if data.startswith(NO_TEXT):
                    raise InputError(f"{self._path} is not a text file. Save its links as text or CSV.")
                decoder = io.IncrementalNewlineDecoder(
                    codecs.getincrementaldecoder(_encoding(data))("replace"), translate=True
                )
            yield decoder.decode(data)
        if decoder is not None:
            yield decoder.decode(b"", final=True)


def _holds_link(line: str) -> bool:
    return bool(line.strip("[](){},; ")) and not line.startswith("#")


def _encoding(beginning: bytes) -> str:
    """Return the encoding of a file by its mark, or by the null bytes of UTF-16: links are mostly ASCII."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if beginning.startswith(mark):
            return encoding
    if 0 in beginning[:2]:
        return "utf-16-be" if beginning[0] == 0 else "utf-16-le"
    return "utf-8-sig"
