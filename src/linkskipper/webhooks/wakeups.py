"""Wakeups: entries of the queue, each of which has a worker deliver what is due at one host.

However many deliveries wait for a host, one worker at a time has its lease and, for the next time that one is due,
one wakeup is queued. So a receiver that is down costs the queue one entry and not one for each event that it missed,
and the attempts under way to it are bounded. A live host gets one more for each transaction that ends jobs with events
for it, as the worker that has the lease is told so (docs/decisions/0009-webhooks-by-host.md).
"""

from collections.abc import Sequence
from datetime import timedelta

from linkskipper.database import Connection
from linkskipper.queue.pgqueuer import NewQueueItem, put
from linkskipper.webhooks import queries

LIVE = "webhooks"
FAILING = "webhooks-failing"
FAILING_AFTER = 3  # failures in a row; from then on the host waits in a queue of its own, out of the way of others
FAILING_AT_ONCE = 16  # failing hosts that are tried, over all workers
QUEUES = {LIVE: 0, FAILING: FAILING_AT_ONCE}


def queue_for(failures: int) -> str:
    """The queue for a host that has failed so many times in a row."""
    return FAILING if failures >= FAILING_AFTER else LIVE


async def schedule_wakeups(connection: Connection, hosts: Sequence[tuple[str, str, timedelta]]) -> None:
    """Queue a wakeup for each host (its name, the queue, the delay), inside the caller's transaction.

    It is noted with the host, so that no second one is queued for the same time.
    """
    if not hosts:
        return
    in_order = sorted(hosts)
    wakeups = await put(connection, [NewQueueItem(queue, host.encode(), delay) for host, queue, delay in in_order])
    await connection.execute(
        queries.SET_WAKEUPS, [host for host, _, _ in in_order], wakeups, [delay for _, _, delay in in_order]
    )


async def wake_now(connection: Connection, hosts: Sequence[str]) -> None:
    """Queue a wakeup for each live host, with nothing noted: one that comes second finds the lease taken and ends."""
    await put(connection, [NewQueueItem(LIVE, host.encode()) for host in hosts])
