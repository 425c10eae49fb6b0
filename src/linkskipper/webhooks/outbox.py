"""Queue events for their receivers, inside the transaction that ends the jobs."""

from collections.abc import Sequence
from uuid import UUID

from linkskipper.database import Connection
from linkskipper.database.ids import new_id
from linkskipper.egress import BadUrl, parse_url
from linkskipper.webhooks import queries
from linkskipper.webhooks.events import NewDelivery, encode
from linkskipper.webhooks.wakeups import wake_hosts


async def queue_events(connection: Connection, deliveries: Sequence[NewDelivery]) -> list[UUID]:
    """Queue deliveries inside the transaction of the connection. Return their ids."""
    if not deliveries:
        return []
    rows = [
        (
            new_id(),
            delivery.key_id,
            delivery.event.job_id,
            delivery.url,
            host_of(delivery.url),
            delivery.event.event,
            encode(delivery.event),
            delivery.is_test,
        )
        for delivery in deliveries
    ]
    await connection.execute(queries.INSERT, *zip(*rows, strict=True))
    hosts = sorted({host_of(delivery.url) for delivery in deliveries})
    await wake_hosts(connection, hosts, even_paused=any(delivery.is_test for delivery in deliveries))
    return [row[0] for row in rows]


def host_of(url: str) -> str:
    """Return the receiving host of a URL, with its port unless that is the default port."""
    try:
        return parse_url(url).origin.partition("://")[2]
    except BadUrl:
        return url  # it was valid when the client sent it: the attempt records what is wrong with it
