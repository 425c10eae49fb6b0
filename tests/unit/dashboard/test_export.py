"""A file has a bounded number of rows."""

import pytest
from msgspec import Struct
from starlette.responses import StreamingResponse

from linkskipper.dashboard.export import MAX_ROWS, PAGE_ROWS, export
from linkskipper.dashboard.words import size
from linkskipper.database.walk import Walk
from linkskipper.jobs import StreamPlace, StreamPlaces, close_stream


class Row(Struct, frozen=True):
    """A row of a list."""

    id: int


class Query(Struct, frozen=True):
    """The query of a file."""

    before: int | None = None
    format: str = "csv"


def place() -> StreamPlace:
    taken = StreamPlaces(1).take(None)
    assert taken is not None
    return taken


@pytest.mark.parametrize(("rows", "written"), [(0, 0), (1, 1), (MAX_ROWS, MAX_ROWS), (MAX_ROWS + 1, MAX_ROWS)])
async def test_file_ends(rows: int, written: int) -> None:
    """A file has all rows up to the limit, and ends there."""

    async def read(before: int | None) -> Walk[Row, int]:
        newest = rows if before is None else before - 1
        page = [Row(number) for number in range(newest, max(newest - PAGE_ROWS, 0), -1)]
        return Walk(page, page[-1].id if newest > PAGE_ROWS else None)

    response = export("rows", Query(), Row, read, place())
    assert isinstance(response, StreamingResponse)
    text = "".join([str(chunk) async for chunk in response.body_iterator])
    assert len(text.splitlines()) == written + 1


@pytest.mark.parametrize("per_page", [0, 1, PAGE_ROWS - 1])
async def test_file_of_a_rare_filter(per_page: int) -> None:
    """Pages with few rows or none end no file: it has the row at the end of the list, or MAX_ROWS rows."""
    pages = MAX_ROWS // PAGE_ROWS + 10

    async def read(before: int | None) -> Walk[Row, int]:
        number = pages if before is None else before - 1
        rows = [Row(1)] if number == 1 else [Row(number)] * per_page
        return Walk(rows, number if number > 1 else None, cut_at=2000)

    response = export("rows", Query(), Row, read, place())
    assert isinstance(response, StreamingResponse)
    lines = "".join([str(chunk) async for chunk in response.body_iterator]).splitlines()[1:]
    assert len(lines) == min(MAX_ROWS, (pages - 1) * per_page + 1)
    assert (lines[-1] == "1") == (len(lines) < MAX_ROWS)


def test_sizes() -> None:
    """A size has one unit, and two digits at least."""
    assert [size(count).replace("\N{NO-BREAK SPACE}", " ") for count in (0, 999, 1000, 12_345, 3_400_000_000)] == [
        *("0 B", "999 B", "1.0 kB", "12 kB", "3.4 GB")
    ]


async def test_a_file_that_is_cut_frees_its_place() -> None:
    """A response that ended before its file is closed, although something still refers to it."""
    places = StreamPlaces(1)
    taken = places.take("a")
    assert taken is not None

    async def read(_: int | None) -> Walk[Row, int]:
        return Walk([Row(1)], 1)

    response = export("rows", Query(), Row, read, taken)
    assert isinstance(response, StreamingResponse)
    await anext(aiter(response.body_iterator))
    assert places.take("a") is None
    await close_stream(response)
    assert places.take("a") is not None
