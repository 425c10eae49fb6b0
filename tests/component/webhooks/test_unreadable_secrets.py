"""Webhook secrets that this service's own secret did not encrypt."""

from datetime import timedelta
from typing import cast

import pytest

from linkskipper.accounts import WebhookSecrets
from linkskipper.accounts.encryption import Keyring
from linkskipper.database import Pool
from linkskipper.egress import Client
from linkskipper.webhooks import AttemptRecorder, Schedule, WebhookClient
from linkskipper.webhooks.model import PendingDelivery
from support.deliveries import new_key, queued

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
async def test_each_is_read_by_itself(pool: Pool, current: Keyring, previous: Keyring, read: list[str] | None) -> None:
    """One secret that cannot be read takes no other with it; a key of which none can is left out."""
    key_id = await new_key(pool)
    await pool.execute(
        "UPDATE api_keys SET webhook_secret = $1, previous_webhook_secret = $2,"
        " previous_webhook_until = now() + interval '1 hour'",
        current.encrypt("new"),
        previous.encrypt("old"),
    )
    assert (await WebhookSecrets(pool, OURS).read([key_id])).get(key_id) == read


async def test_the_host_is_not_to_blame(pool: Pool) -> None:
    """An attempt that could not be signed fails and is made again later; its host has not failed."""
    delivery = await queued(pool, await new_key(pool), "https://hook.example/")
    row = await pool.fetchrow("SELECT id, key_id, url, host, body, attempts, step FROM webhook_deliveries")
    assert row is not None
    due = PendingDelivery(**row, failures=0, secrets=())
    record = AttemptRecorder(
        pool, Schedule((timedelta(), timedelta(hours=1)), lambda: 0.5), pause_after=timedelta(days=5)
    )
    outcome = await WebhookClient(cast("Client", None)).attempt(due)
    assert outcome.error == "this service cannot read the key's webhook secret"
    assert await record.note(due, outcome) == 0
    row = await pool.fetchrow("SELECT status, step, attempts FROM webhook_deliveries WHERE id = $1", delivery)
    assert tuple(row or ()) == ("pending", 1, 1)
    assert await pool.fetchval("SELECT failures FROM webhook_hosts") == 0
