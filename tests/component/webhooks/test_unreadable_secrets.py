"""Webhook secrets that another service secret encrypted."""

from typing import cast

import pytest

from linkskipper.accounts import WebhookSecrets
from linkskipper.accounts.encryption import Keyring
from linkskipper.database import Pool
from linkskipper.egress import Client
from linkskipper.webhooks import Receivers, WebhookClient
from support.deliveries import attempt_recorder, pending_delivery, queued
from support.factories import make_key, set_webhook_secrets

OURS, ANOTHER = Keyring(b"ours"), Keyring(b"another")


@pytest.mark.parametrize(
    ("current", "previous", "read"),
    [
        (OURS, OURS, ["new", "old"]),
        (OURS, ANOTHER, ["new"]),
        (ANOTHER, OURS, ["old"]),
        (ANOTHER, ANOTHER, None),
    ],
)
async def test_each_secret_is_read_separately(
    pool: Pool, current: Keyring, previous: Keyring, read: list[str] | None
) -> None:
    """An unreadable secret does not hide a readable one. A key without a readable secret is left out."""
    key_id = await make_key(pool)
    await set_webhook_secrets(pool, key_id, current=current.encrypt("new"), previous=previous.encrypt("old"))
    assert (await WebhookSecrets(pool, OURS).read([key_id])).get(key_id) == read


async def test_the_host_is_not_blamed(pool: Pool) -> None:
    """An attempt that cannot be signed fails and is retried. Its host has not failed."""
    delivery_id = await queued(pool, await make_key(pool), "https://hook.example/")
    delivery = await pending_delivery(pool, delivery_id)
    result = await WebhookClient(Receivers(cast("Client", None))).attempt(delivery)
    assert result.error == "this service cannot read the key's webhook secret"
    assert await attempt_recorder(pool).record(delivery, result) == 0
    row = await pool.fetchrow(
        "SELECT status, schedule_step, attempts FROM webhook_deliveries WHERE id = $1", delivery_id
    )
    assert tuple(row or ()) == ("pending", 1, 1)
    assert await pool.fetchval("SELECT failures FROM webhook_hosts") == 0
