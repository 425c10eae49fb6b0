"""Files of rows, sent while they are read: a page of rows at a time is in memory.

A file ends after MAX_ROWS rows, or with the list. A filter makes no file end before. The id of the last row of a full
file is the `before` of a file with the next rows.
"""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Literal, TypeAlias

import msgspec
from starlette.responses import Response, StreamingResponse

from linkskipper.database.walk import Walk
from linkskipper.jobs import StreamPlace

ExportFormat: TypeAlias = Literal["csv", "ndjson"]

ReadPage: TypeAlias = Callable[[Any], Awaitable[Walk[Any, Any]]]
"""Reads the rows before an id, None for the newest."""

PAGE_ROWS = 500
MAX_ROWS = 100_000
TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
# Programs for tables take a text that begins so for a formula. Some of them read wide characters as narrow ones.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cell(value: object) -> object:
    """Return a value for a cell. A text that could be a formula gets a quotation mark in front."""
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
        return f"'{value}"
    return value


def export(name: str, query: Any, columns: type[msgspec.Struct], read: ReadPage, place: StreamPlace) -> Response:
    """Return a download in the format of the query, which begins before its `before`.

    `columns` is the type of rows. The download has its place until it ends.
    """
    pages = _pages(read, query.before)
    chunks = _csv(columns, pages) if query.format == "csv" else _ndjson(pages)
    headers = {"content-disposition": f'attachment; filename="linkskipper-{name}.{query.format}"'}
    return StreamingResponse(_within(place, chunks), media_type=TYPES[query.format], headers=headers)


async def _pages(read: ReadPage, before: object) -> AsyncIterator[Sequence[msgspec.Struct]]:
    left = MAX_ROWS
    while left:
        page = await read(before)
        yield page.rows[:left]
        if page.next is None:
            return
        left -= min(left, len(page.rows))
        before = page.next


async def _within(place: StreamPlace, chunks: AsyncIterator[str] | AsyncIterator[bytes]) -> AsyncIterator[str | bytes]:
    with place:
        async for chunk in chunks:
            yield chunk


async def _csv(columns: type[msgspec.Struct], pages: AsyncIterator[Sequence[msgspec.Struct]]) -> AsyncIterator[str]:
    yield _lines([columns.__struct_fields__])
    async for rows in pages:
        yield _lines([list(msgspec.to_builtins(row).values()) for row in rows])


async def _ndjson(pages: AsyncIterator[Sequence[msgspec.Struct]]) -> AsyncIterator[bytes]:
    async for rows in pages:
        yield b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _lines(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerows([map(cell, row) for row in rows])
    return text.getvalue()
