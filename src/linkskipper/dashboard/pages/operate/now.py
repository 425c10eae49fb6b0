"""The state of the service now, with the troubles first and the pages that help."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from starlette.responses import Response

from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.operate import hosts, providers, queue
from linkskipper.dashboard.pages.operate.providers import OperatedProvider
from linkskipper.dashboard.words import span
from linkskipper.jobs import read_job_rate
from linkskipper.queue import QueueDepth, read_depths
from linkskipper.webhooks import QUEUE_LIMITS, DeliveryBacklog, read_backlog

WINDOW = timedelta(minutes=5)
LONG_WAIT = timedelta(minutes=1)
NAMED = 5  # providers in a sentence


class Trouble(NamedTuple):
    """Something that needs attention: a sentence, and the page that helps."""

    text: str
    path: str
    link: str


async def show(call: PageCall) -> Response:
    """Show the page."""
    pool = call.services.pool
    depths = await read_depths(pool, [*queue.QUEUES, *QUEUE_LIMITS])
    backlog = await read_backlog(pool)
    rows = await providers.read_rows(call)
    findings = await call.services.examine()
    trouble = [
        *(Trouble(f"{finding.found} {finding.action}", f"{OPERATE}/system", "System")
          for finding in findings if finding.state == "problem"),
        *_of_queue(call, depths),
        *_of_providers(rows),
        *_of_hosts(backlog),
    ]  # fmt: skip
    return call.render(
        "operate_now.html",
        trouble=trouble,
        depths=depths,
        backlog=backlog,
        rate=await read_job_rate(pool, WINDOW),
        minutes=int(WINDOW.total_seconds() // 60),
        has_workers=call.services.workers_ready(),
        states=[(state, sum(row.state == state for row in rows)) for state in ("up", "degraded", "down", "off")],
    )


def _of_queue(call: PageCall, depths: list[QueueDepth]) -> Iterator[Trouble]:
    if not call.services.workers_ready():
        yield Trouble("No worker is connected to the queues.", f"{OPERATE}/system", "System")
    waits = [datetime.now(UTC) - depth.oldest for depth in depths if depth.oldest is not None]
    if waits and max(waits) > LONG_WAIT:
        text = f"The oldest entry of a queue has waited for {span(max(waits).total_seconds())}."
        yield Trouble(text, queue.PATH, "Queue")
    if lost := sum(depth.lost for depth in depths):
        text = f"Entries whose worker sends no heartbeat: {lost}. Other workers take them."
        yield Trouble(text, f"{queue.PATH}?state=running", "Queue")


def _of_providers(rows: list[OperatedProvider]) -> Iterator[Trouble]:
    failing = [row.provider.label for row in rows if row.condition.failing_hosts or row.condition.stats.failing]
    if failing:
        more = f" and {len(failing) - NAMED} more" if len(failing) > NAMED else ""
        yield Trouble(f"Failing: {', '.join(failing[:NAMED])}{more}.", f"{providers.PATH}?state=trouble", "Providers")


def _of_hosts(backlog: DeliveryBacklog) -> Iterator[Trouble]:
    if backlog.paused_hosts:
        noun = "host of webhooks is" if backlog.paused_hosts == 1 else "hosts of webhooks are"
        yield Trouble(f"{backlog.paused_hosts} {noun} paused.", f"{hosts.PATH}?state=paused", "Hosts")


PAGES = (PageRoute("GET", OPERATE, show, Access.OPERATOR),)
