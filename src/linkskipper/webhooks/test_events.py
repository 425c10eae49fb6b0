"""Test events: a signed event about an invented job, so that somebody can try a receiver."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from linkskipper.database import Connection
from linkskipper.database.ids import new_id
from linkskipper.errors import TooManyTestEvents
from linkskipper.webhooks import queries
from linkskipper.webhooks.events import NewDelivery, job_event
from linkskipper.webhooks.outbox import queue_events

MAX_TESTS = 20  # attempts of an account in TESTS_WINDOW. They are free, and go to any public host
TESTS_WINDOW = timedelta(hours=1)


async def queue_test_event(connection: Connection, account_id: int, key_id: int, url: str, *, balance: int) -> UUID:
    """Queue a test event inside the transaction of the connection, signed by a key of the account. Return its id.

    Raises:
        TooManyTestEvents: the account sent MAX_TESTS within TESTS_WINDOW.
    """
    await limit_test_events(connection, account_id)
    event = job_event(
        at=datetime.now(UTC),
        job_id=new_id(),
        status="done",
        target_url="https://example.com/",
        provider="tinyurl",
        tier="standard",
        error=None,
        credits_charged=0,
        balance=balance,
    )
    (delivery_id,) = await queue_events(connection, [NewDelivery(key_id, url, event, is_test=True)])
    return delivery_id


async def limit_test_events(connection: Connection, account_id: int) -> None:
    """Make sure that the transaction of the connection may send one more. No other one may until it ends.

    Raises:
        TooManyTestEvents: the account sent MAX_TESTS within TESTS_WINDOW, new ones and those that were sent again.
    """
    await connection.execute(queries.LOCK_ACCOUNT, account_id)
    since = datetime.now(UTC) - TESTS_WINDOW
    if await connection.fetchval(queries.COUNT_TESTS, account_id, since, MAX_TESTS) >= MAX_TESTS:
        raise TooManyTestEvents(MAX_TESTS, TESTS_WINDOW)
