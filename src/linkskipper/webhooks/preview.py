"""Signed events for `linkskipper listen`, also of jobs without a `webhook_url`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from linkskipper.accounts import WebhookSecrets
from linkskipper.database import Pool
from linkskipper.webhooks import queries
from linkskipper.webhooks.client import request_headers
from linkskipper.webhooks.events import JobEvent, encode


class SignedEvent(msgspec.Struct, frozen=True):
    """The request that a receiver would get."""

    id: UUID
    headers: dict[str, str]
    body: str


async def preview_events(
    pool: Pool, secrets: WebhookSecrets, key_id: int, events: Sequence[JobEvent], at: datetime
) -> list[SignedEvent]:
    """Sign the events of a key's jobs. A job with a delivery keeps the id and the body of that delivery."""
    rows = await pool.fetch(queries.BODIES_OF_JOBS, [event.job_id for event in events])
    deliveries = {row["job_id"]: (row["id"], row["body"]) for row in rows}
    signing_keys = (await secrets.read([key_id])).get(key_id, ())
    signed_events = []
    for event in events:
        message_id, body = deliveries.get(event.job_id) or (event.job_id, encode(event))
        headers = request_headers(message_id, body.encode(), signing_keys, at)
        signed_events.append(SignedEvent(message_id, headers, body))
    return signed_events
