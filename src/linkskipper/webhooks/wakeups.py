"""Wakeups: queue entries that make a worker send what is due at one host.

However many deliveries wait for a host, one worker at a time holds its lease, and one wakeup is queued for the next
delivery. So a receiver that is down costs the queue one entry, and the number of attempts under way to it is bounded.
A live host gets a further wakeup for each transaction with new events for it, because the worker with the lease must
learn about these (docs/decisions/0012-webhook-leases-by-host.md).
"""

from collections.abc import Sequence
from datetime import timedelta

from linkskipper.database import Connection
from linkskipper.queue import NewQueueItem, enqueue
from linkskipper.webhooks import queries

LIVE_QUEUE = "webhooks"
FAILING_QUEUE = "webhooks-failing"
FAILING_AFTER = 3  # consecutive failures. A failing host waits in a queue of its own and delays no live host
FAILING_HOSTS_LIMIT = 16  # failing hosts tried at once, over all workers
QUEUE_LIMITS = {LIVE_QUEUE: 0, FAILING_QUEUE: FAILING_HOSTS_LIMIT}
AT_ONCE = timedelta()


def queue_for(failures: int) -> str:
    """Return the queue of a host with that number of consecutive failures."""
    return FAILING_QUEUE if failures >= FAILING_AFTER else LIVE_QUEUE


async def wake_hosts(connection: Connection, hosts: Sequence[str], *, even_paused: bool = False) -> None:
    """Have workers send what is due at the hosts, once the transaction of the connection commits."""
    rows = await connection.fetch(queries.LOCK_FAILING, hosts, FAILING_AFTER, even_paused)
    failing = {row["host"]: row["awake"] for row in rows}
    if live := [NewQueueItem(LIVE_QUEUE, host.encode()) for host in hosts if host not in failing]:
        await enqueue(connection, live)
    await schedule_wakeups(connection, [(host, FAILING_QUEUE, AT_ONCE) for host, awake in failing.items() if not awake])


async def schedule_wakeups(connection: Connection, wakeups: Sequence[tuple[str, str, timedelta]]) -> None:
    """Queue one wakeup for each host (its name, the queue, the delay), inside the transaction of the connection.

    The entry id is stored with the host, so that no second wakeup is queued for the same time.
    """
    if not wakeups:
        return
    in_order = sorted(wakeups)
    entry_ids = await enqueue(
        connection, [NewQueueItem(queue, host.encode(), delay) for host, queue, delay in in_order]
    )
    hosts, _, delays = zip(*in_order, strict=True)
    await connection.execute(queries.SET_WAKEUPS, hosts, entry_ids, delays)
