"""Downloads of whole lists, with the filters of their pages. A person proves who they are first."""

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
    pool, owner, query = call.services.pool, call.owner, call.query
    return export(
        "links",
        query,
        JobRow,
        lambda before: list_owner_jobs(pool, owner, query.chosen, before=before, limit=PAGE_ROWS),
    )


async def ledger(call: PageCall) -> Response:
    """Send the ledger."""
    pool, account_id = call.services.pool, call.session.account_id
    return export(
        "credits",
        call.query,
        LedgerEntry,
        lambda before: list_entries(pool, account_id, before=before, limit=PAGE_ROWS),
    )


async def requests(call: PageCall) -> Response:
    """Send the requests that match."""
    pool, account_id, query = call.services.pool, call.session.account_id, call.query
    return export(
        "requests",
        query,
        RequestRow,
        lambda before: list_requests(pool, account_id, query.chosen, before=before, limit=PAGE_ROWS),
    )


PAGES = (
    PageRoute("GET", f"{LINKS}/export", links, Access.KEY, LinksExportQuery, fresh_proof=True, is_download=True),
    PageRoute(
        "GET", f"{CREDITS}/export", ledger, Access.VIEWER, CreditsExportQuery, fresh_proof=True, is_download=True
    ),
    PageRoute(
        "GET", f"{REQUESTS}/export", requests, Access.VIEWER, RequestsExportQuery, fresh_proof=True, is_download=True
    ),
)
