"""The list of links. Its filters are in its address."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta
from starlette.responses import Response

from linkskipper.accounts import list_account_keys
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import MAX_ID, NoticeQuery, list_values
from linkskipper.dashboard.texts import JOB_REASON_TEXTS
from linkskipper.jobs import JobFilter, JobStatus, list_owner_jobs, newest_job

PATH = "/dashboard/links"
PAGE_SIZE = 50


class LinksQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `before` is the id of a job, and continues a list."""

    status: JobStatus | None = None
    key: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    provider: Annotated[str, Meta(max_length=100)] | None = None
    reason: Annotated[str, Meta(max_length=100)] | None = None
    text: Annotated[str, Meta(max_length=LIMITS.search)] | None = None
    before: UUID | None = None

    @property
    def chosen(self) -> JobFilter:
        """The links to list."""
        return JobFilter(self.status, self.key, self.provider, self.reason, self.text)


async def show(call: PageCall) -> Response:
    """Show a page of the list."""
    query: LinksQuery = call.query
    pool, owner = call.services.pool, call.owner
    page = await list_owner_jobs(pool, owner, query.chosen, before=query.before, limit=PAGE_SIZE)
    keys = await list_account_keys(pool, owner.account_id) if call.may(Access.VIEWER) else []
    return call.render(
        "links.html",
        **list_values(PATH, query, page),
        jobs=page.rows,
        keys=keys,
        providers=sorted(provider.id for provider in call.services.catalog.providers),
        reasons=sorted(JOB_REASON_TEXTS),
        newest=await newest_job(pool, owner),
    )


PAGES = (PageRoute("GET", PATH, show, Access.KEY, LinksQuery),)
