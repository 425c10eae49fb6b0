"""Attempts that end in an unexpected way have a result too."""

import asyncio
from typing import cast
from uuid import uuid4

import pytest
from msgspec.structs import replace

from linkskipper.egress import Client
from linkskipper.traces import Tracer
from linkskipper.webhooks import PendingDelivery, Receivers, WebhookClient

SECRETS = ("whsec_" + "A" * 32,)
DELIVERY = PendingDelivery(uuid4(), 1, uuid4(), "https://hook.example/", "hook.example", "{}", 0, 0, 0, SECRETS)


class RaisingClient:
    """A client whose requests raise an error."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def post(self, *_: object, **__: object) -> None:
        raise self.error


def webhook_client(error: BaseException, tracer: Tracer | None = None) -> WebhookClient:
    return WebhookClient(Receivers(cast("Client", RaisingClient(error))), tracer=tracer)


@pytest.mark.parametrize("body", ["{}", "", "not JSON", '{"job_id": 1}'])
@pytest.mark.parametrize("tracer", [None, Tracer()])
async def test_an_unexpected_error_is_a_failed_attempt(tracer: Tracer | None, body: str) -> None:
    """An error while an answer is read ends as a failed attempt, which can be recorded, whatever the body is."""
    client = webhook_client(OverflowError("too large"), tracer)
    result = await client.attempt(replace(DELIVERY, body=body))
    assert result.status is None
    assert result.error == "this service failed to process the attempt"


async def test_a_cancelled_attempt_has_no_result() -> None:
    """A cancelled attempt records nothing, so that another worker makes it again."""
    client = webhook_client(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await client.attempt(DELIVERY)
