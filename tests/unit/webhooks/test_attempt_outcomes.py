"""Attempts whose end nobody foresaw: each has an outcome all the same."""

import asyncio
from typing import cast
from uuid import uuid4

import pytest

from linkskipper.egress import Client
from linkskipper.webhooks import WebhookClient
from linkskipper.webhooks.model import PendingDelivery

DUE = PendingDelivery(uuid4(), 1, "https://hook.example/", "hook.example", "{}", 0, 0, 0, ("whsec_" + "A" * 32,))


class Raising:
    """A client whose every request ends so."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def post(self, *_: object, **__: object) -> None:
        raise self.error


async def test_an_error_that_nobody_foresaw_is_a_failed_attempt() -> None:
    """Whatever breaks while an answer is read, the attempt ends as a failed one, which can be recorded."""
    outcome = await WebhookClient(cast("Client", Raising(OverflowError("too large")))).attempt(DUE)
    assert outcome.status is None
    assert outcome.error == "this service could not make sense of what came of it"


async def test_an_attempt_that_is_broken_off_has_no_outcome() -> None:
    """A worker that breaks its attempts off records nothing of them: they are made again."""
    with pytest.raises(asyncio.CancelledError):
        await WebhookClient(cast("Client", Raising(asyncio.CancelledError()))).attempt(DUE)
