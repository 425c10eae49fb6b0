"""The links that wait and those that are in progress, of all accounts."""

from typing import Literal, NamedTuple
from uuid import UUID

from starlette.responses import Response

from linkskipper.audit import AuditEntry, record
from linkskipper.dashboard.errors import changed_meanwhile
from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import NoticeQuery
from linkskipper.database import Connection, Pool
from linkskipper.jobs import QueuedLink, cancel_job, read_queued_links
from linkskipper.queue import QueueEntry, list_queue_entries, read_depths, run_next

PATH = f"{OPERATE}/queue"
SHOWN = 100
QUEUES = ("standard", "premium")
STATUSES: dict[str, Literal["queued", "picked"]] = {"waiting": "queued", "running": "picked"}


class QueueQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list."""

    state: Literal["waiting", "running"] = "waiting"


class QueueRow(NamedTuple):
    """An entry of the queue with its link, None if that has been deleted."""

    entry: QueueEntry
    link: QueuedLink | None


async def show(call: PageCall) -> Response:
    """Show the oldest entries."""
    query: QueueQuery = call.query
    pool = call.services.pool
    entries = await list_queue_entries(pool, QUEUES, STATUSES[query.state], limit=SHOWN)
    links = await read_queued_links(pool, [UUID(bytes=entry.payload) for entry in entries])
    rows = [QueueRow(entry, links.get(UUID(bytes=entry.payload))) for entry in entries]
    depths = await read_depths(pool, QUEUES)
    return call.render("operate_queue.html", rows=rows, query=query, depths=depths, shown=SHOWN)


async def first(call: PageCall) -> Response:
    """Put an entry before all others of its queue."""
    entry_id = call.identifier("entry_id", "entry")
    async with call.services.pool.acquire() as connection, connection.transaction():
        payload = await run_next(connection, QUEUES, entry_id)
        if payload is None:
            raise changed_meanwhile("This link no longer waits, or is first already.")
        await record(connection, await _entry(call, connection, "queue.run-next", UUID(bytes=payload)))
    return call.redirect(f"{PATH}?done=queue-first")


async def cancel(call: PageCall) -> Response:
    """End a link that waits or is in progress, free of charge."""
    job_id = call.uuid("job_id", "link")
    if not await cancel_job(call.services.pool, call.services.job_completer, job_id):
        raise changed_meanwhile("This link has ended, or waits for another request for the same link.")
    await record(call.services.pool, await _entry(call, call.services.pool, "queue.cancel", job_id))
    return call.redirect(f"{PATH}?done=queue-cancelled")


async def _entry(call: PageCall, database: "Pool | Connection", action: str, job_id: UUID) -> AuditEntry:
    """Return an entry about a link, for the account that sent it."""
    link = (await read_queued_links(database, [job_id])).get(job_id)
    return call.entry(action, f"link {job_id}", account_id=None if link is None else link.account_id)


PAGES = (
    PageRoute("GET", PATH, show, Access.OPERATOR, QueueQuery),
    PageRoute("POST", PATH + "/entries/{entry_id}/first", first, Access.OPERATOR),
    PageRoute("POST", PATH + "/links/{job_id}/cancel", cancel, Access.OPERATOR),
)
