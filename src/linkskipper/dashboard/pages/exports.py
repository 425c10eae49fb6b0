"""Downloads of whole lists, with the filters of their pages. A person proves who they are first.

A download whose session ends breaks off, so that nobody takes it for a whole one.
"""

from typing import Any

import msgspec
from starlette.responses import Response

from linkskipper.credits import LedgerEntry, list_entries
from linkskipper.dashboard.errors import NotSignedInError, PageError
from linkskipper.dashboard.export import PAGE_ROWS, ExportFormat, ReadPage, export
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.credits import PATH as CREDITS
from linkskipper.dashboard.pages.credits import CreditsQuery
from linkskipper.dashboard.pages.links import PATH as LINKS
from linkskipper.dashboard.pages.links import LinksQuery
from linkskipper.dashboard.pages.requests import PATH as REQUESTS
from linkskipper.dashboard.pages.requests import RequestsQuery
from linkskipper.database.walk import Walk
from linkskipper.jobs import JobRow, StreamPlaces, list_owner_jobs
from linkskipper.request_log import RequestRow, list_requests

MAX_DOWNLOADS = 3  # of a person, or of the holder of a key, in one process at the same time
_places = StreamPlaces(MAX_DOWNLOADS)


class LinksExportQuery(LinksQuery, frozen=True, forbid_unknown_fields=True):
    """The query of a file of links."""

    format: ExportFormat = "csv"


class CreditsExportQuery(CreditsQuery, frozen=True, forbid_unknown_fields=True):
    """The query of a file of the ledger."""

    format: ExportFormat = "csv"


class RequestsExportQuery(RequestsQuery, frozen=True, forbid_unknown_fields=True):
    """The query of a file of requests."""

    format: ExportFormat = "csv"


async def links(call: PageCall) -> Response:
    """Send the links that match."""
    pool, owner, query = call.services.pool, call.owner, call.query
    return _download(
        call,
        "links",
        JobRow,
        lambda before: list_owner_jobs(pool, owner, query.chosen, before=before, limit=PAGE_ROWS),
    )


async def ledger(call: PageCall) -> Response:
    """Send the ledger."""
    pool, account_id = call.services.pool, call.session.account_id
    return _download(
        call,
        "credits",
        LedgerEntry,
        lambda before: list_entries(pool, account_id, before=before, limit=PAGE_ROWS),
    )


async def requests(call: PageCall) -> Response:
    """Send the requests that match."""
    pool, account_id, query = call.services.pool, call.session.account_id, call.query
    return _download(
        call,
        "requests",
        RequestRow,
        lambda before: list_requests(pool, account_id, query.chosen, before=before, limit=PAGE_ROWS),
    )


def _download(call: PageCall, name: str, columns: type[msgspec.Struct], read: ReadPage) -> Response:
    place = _places.take((call.session.user_id, call.session.key_id))
    if place is None:
        detail = f"At most {MAX_DOWNLOADS} can run at the same time. Wait until one of yours has ended."
        raise PageError(429, "Too many downloads", detail)
    return export(name, call.query, columns, _reader(call, read), place)


def _reader(call: PageCall, read: ReadPage) -> ReadPage:
    """Return a reader that fails once the session has ended."""

    async def read_page(before: object) -> Walk[Any, Any]:
        if not await call.is_alive():
            raise NotSignedInError
        return await read(before)

    return read_page


PAGES = (
    PageRoute("GET", f"{LINKS}/export", links, Access.KEY, LinksExportQuery, fresh_proof=True, is_download=True),
    PageRoute(
        "GET", f"{CREDITS}/export", ledger, Access.VIEWER, CreditsExportQuery, fresh_proof=True, is_download=True
    ),
    PageRoute(
        "GET", f"{REQUESTS}/export", requests, Access.VIEWER, RequestsExportQuery, fresh_proof=True, is_download=True
    ),
)
