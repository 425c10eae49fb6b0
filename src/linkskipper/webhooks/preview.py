"""Events for whoever listens at a terminal: those on their way to receivers, and those of jobs that name none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from linkskipper.accounts import WebhookSecrets
from linkskipper.database import Pool
from linkskipper.webhooks import queries
from linkskipper.webhooks.client import JSON
from linkskipper.webhooks.events import encode, make_event
from linkskipper.webhooks.model import JobEnd
from linkskipper.webhooks.signing import signed_headers


class SignedEvent(msgspec.Struct, frozen=True):
    """What a receiver would be sent."""

    id: UUID
    headers: dict[str, str]
    body: str


async def tell(pool: Pool, secrets: WebhookSecrets, ends: Sequence[JobEnd], at: datetime) -> list[SignedEvent]:
    """The events of jobs that have ended, signed; a delivery's own id and bytes where the job has one."""
    rows = await pool.fetch(queries.OF_JOBS, [end.job_id for end in ends])
    queued = {row["job_id"]: (row["id"], row["body"]) for row in rows}
    signing = await secrets.read({end.key_id for end in ends})
    told = []
    for end in ends:
        message_id, body = queued.get(end.job_id) or (end.job_id, encode(make_event(end, at)))
        signed = signed_headers(signing.get(end.key_id, ()), str(message_id), body.encode(), at)
        told.append(SignedEvent(message_id, JSON | signed, body))
    return told
