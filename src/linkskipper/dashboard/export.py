"""Files of rows, sent while they are read: a page of rows at a time is in memory."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal, TypeAlias

import msgspec
from starlette.responses import Response, StreamingResponse

ExportFormat: TypeAlias = Literal["csv", "ndjson"]

PAGE_ROWS = 500
TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
# Programs for tables take a text that begins so for a formula. Some of them read wide characters as narrow ones.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cell(value: object) -> object:
    """Return a value for a cell. A text that could be a formula gets a quotation mark in front."""
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
        return f"'{value}"
    return value


def export(
    name: str, format_: ExportFormat, columns: type[msgspec.Struct], pages: AsyncIterator[Sequence[msgspec.Struct]]
) -> Response:
    """Return a download. `columns` is the type of the rows."""
    chunks = _csv(columns, pages) if format_ == "csv" else _ndjson(pages)
    headers = {"content-disposition": f'attachment; filename="linkskipper-{name}.{format_}"'}
    return StreamingResponse(chunks, media_type=TYPES[format_], headers=headers)


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
