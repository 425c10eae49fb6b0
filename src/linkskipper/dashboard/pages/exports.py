"""Downloads of whole lists, with the filters of their pages."""

from collections.abc import AsyncIterator, Sequence

from starlette.responses import Response

from linkskipper.credits import LedgerEntry, list_entries
from linkskipper.dashboard.export import PAGE_ROWS, ExportFormat, export
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.credits import PATH as CREDITS
from linkskipper.dashboard.pages.credits import CreditsQuery
from linkskipper.dashboard.pages.links import PATH as LINKS
from linkskipper.dashboard.pages.links import LinksQuery
from linkskipper.dashboard.pages.requests import PATH as REQUESTS
from linkskipper.dashboard.pages.requests import RequestsQuery
from linkskipper.jobs import JobRow, list_owner_jobs
from linkskipper.request_log import RequestRow, list_requests


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
    return export("links", call.query.format, JobRow, _links(call))


async def ledger(call: PageCall) -> Response:
    """Send the ledger."""
    return export("credits", call.query.format, LedgerEntry, _entries(call))


async def requests(call: PageCall) -> Response:
    """Send the requests that match."""
    return export("requests", call.query.format, RequestRow, _requests(call))


async def _links(call: PageCall) -> AsyncIterator[Sequence[JobRow]]:
    query: LinksQuery = call.query
    before, is_last = query.before, False
    while not is_last:
        page = await list_owner_jobs(call.services.pool, call.owner, query.chosen, before=before, limit=PAGE_ROWS)
        yield page.jobs
        before, is_last = page.next, page.next is None


async def _entries(call: PageCall) -> AsyncIterator[Sequence[LedgerEntry]]:
    before, is_last = call.query.before, False
    while not is_last:
        entries = await list_entries(call.services.pool, call.session.account_id, before=before, limit=PAGE_ROWS)
        yield entries
        is_last = len(entries) < PAGE_ROWS
        before = None if is_last else entries[-1].id


async def _requests(call: PageCall) -> AsyncIterator[Sequence[RequestRow]]:
    query: RequestsQuery = call.query
    before, is_last = query.before, False
    while not is_last:
        page = await list_requests(
            call.services.pool, call.session.account_id, query.chosen, before=before, limit=PAGE_ROWS
        )
        yield page.requests
        before, is_last = page.next, page.next is None


PAGES = (
    PageRoute("GET", f"{LINKS}/export", links, Access.KEY, LinksExportQuery),
    PageRoute("GET", f"{CREDITS}/export", ledger, Access.VIEWER, CreditsExportQuery),
    PageRoute("GET", f"{REQUESTS}/export", requests, Access.VIEWER, RequestsExportQuery),
)
