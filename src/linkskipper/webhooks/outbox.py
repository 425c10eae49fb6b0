"""Queueing an event for its receiver, in the very transaction that ends the job."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from linkskipper.database import Connection
from linkskipper.database.ids import new_id
from linkskipper.egress import BadUrl, parse_url
from linkskipper.webhooks import queries
from linkskipper.webhooks.events import encode, make_event
from linkskipper.webhooks.model import JobEnd
from linkskipper.webhooks.wakeups import FAILING, FAILING_AFTER, schedule_wakeups, wake_now

AT_ONCE = timedelta()


async def queue_events(connection: Connection, ends: Sequence[JobEnd]) -> None:
    """Queue the events of jobs that end in the transaction that the connection is in."""
    if not ends:
        return
    now = datetime.now(UTC)
    rows = []
    for end in ends:
        event = make_event(end, now)
        rows.append((new_id(), end.key_id, end.job_id, end.url, host_of(end.url), event.event, encode(event)))
    await connection.execute(queries.INSERT, *zip(*rows, strict=True))
    await wake(connection, sorted({row[4] for row in rows}))


async def wake(connection: Connection, hosts: Sequence[str], *, even_paused: bool = False) -> None:
    """Have what is due at the hosts delivered, once the transaction is through."""
    rows = await connection.fetch(queries.LOCK_FAILING, hosts, FAILING_AFTER, even_paused)
    failing = {row["host"]: row["awake"] for row in rows}
    live = [host for host in hosts if host not in failing]
    if live:
        await wake_now(connection, live)
    await schedule_wakeups(connection, [(host, FAILING, AT_ONCE) for host, awake in failing.items() if not awake])


def host_of(url: str) -> str:
    """The host that receives at a URL, with its port where that is not the usual one."""
    try:
        return parse_url(url).origin.partition("://")[2]
    except BadUrl:
        return url  # which was a right one when it was given: the attempt will say what is wrong with it
