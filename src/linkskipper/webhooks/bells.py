"""Bells: the queue's entries, each of which calls a courier to a host.

However many deliveries wait for a host, it takes one courier and, for the next time that one is due, one bell. So a
receiver that is down costs the queue one entry and not one for each event that it missed, and has no more attempts
under way than one courier makes (docs/decisions/0007-couriers.md).
"""

from collections.abc import Sequence
from datetime import timedelta

from linkskipper.storage import Connection
from linkskipper.storage.queue import Deferred, put
from linkskipper.webhooks import queries

LIVE = "webhooks"
FAILING = "webhooks-failing"
FAILING_AFTER = 3  # failures in a row; from then on the host waits in a queue of its own, out of the way of others
FAILING_AT_ONCE = 25  # couriers to failing hosts, over all workers
QUEUES = {LIVE: 0, FAILING: FAILING_AT_ONCE}


def queue_for(failures: int) -> str:
    """The queue for a host that has failed so many times in a row."""
    return FAILING if failures >= FAILING_AFTER else LIVE


async def ring(connection: Connection, hosts: Sequence[tuple[str, str, timedelta]]) -> None:
    """Call a courier to each host, by the queue, after the delay; inside the caller's transaction.

    The bell is noted with its host, so that it is known that one will ring.
    """
    if not hosts:
        return
    in_order = sorted(hosts)
    bells = await put(connection, [Deferred(queue, host.encode(), delay) for host, queue, delay in in_order])
    await connection.execute(
        queries.SET_BELLS, [host for host, _, _ in in_order], bells, [delay for _, _, delay in in_order]
    )


async def ring_once(connection: Connection, hosts: Sequence[str]) -> None:
    """Call a courier to each live host at once, with nothing noted: whoever comes second finds the first at work."""
    await put(connection, [Deferred(LIVE, host.encode()) for host in hosts])
