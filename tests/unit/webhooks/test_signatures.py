"""Signatures against the vectors that receivers test with, made by other programs: openssl and standardwebhooks."""

import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from linkskipper.accounts.tokens import new_webhook_secret
from linkskipper.webhooks.signing import signed_headers

VECTORS = json.loads((Path(__file__).parents[3] / "docs" / "webhook-vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector: Any) -> None:
    """Every header of every vector is what we send."""
    at = datetime.fromtimestamp(vector["timestamp"], UTC)
    headers = signed_headers(vector["secrets"], vector["headers"]["webhook-id"], vector["body"].encode(), at)
    assert headers == vector["headers"]


def test_upstream_library_verifies_every_secret_that_we_make() -> None:
    """The library standardwebhooks takes what we sign with any secret of ours, and nothing that was changed."""
    now, body = datetime.now(UTC), b'{"event":"resolve.done"}'
    for _ in range(50):
        secret = new_webhook_secret()
        headers = signed_headers([secret], "019bb7a4-6b10-7000-8000-000000000000", body, now)
        assert Webhook(secret).verify(body, headers) == {"event": "resolve.done"}
        for changed in (headers | {"webhook-id": "other"}, headers | {"webhook-timestamp": "1"}):
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body, changed)


def test_while_a_secret_is_rolled_either_verifies() -> None:
    """With two secrets, a receiver that knows either one is content, in both kinds of header."""
    secrets, body, now = [new_webhook_secret(), new_webhook_secret()], b"{}", datetime.now(UTC)
    headers = signed_headers(secrets, "x", body, now)
    timestamp, *signatures = headers["X-LinkSkipper-Signature"].split(",")
    for secret in secrets:
        Webhook(secret).verify(body, headers)
        signed = f"{timestamp.removeprefix('t=')}.".encode() + body
        assert f"v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}" in signatures


def test_the_time_is_signed() -> None:
    """The same body signed a second later has other signatures: each attempt is signed afresh."""
    now = datetime.now(UTC)
    first, second = (signed_headers(["whsec_AAAA"], "x", b"{}", now + timedelta(seconds=each)) for each in (0, 1))
    assert first["webhook-id"] == second["webhook-id"]
    assert all(first[name] != second[name] for name in first if name != "webhook-id")
