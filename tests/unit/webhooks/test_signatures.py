"""Signatures against the published vectors, which openssl and standardwebhooks made."""

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
from linkskipper.webhooks.verification import MAX_VALUES, read_signatures

VECTORS = json.loads((Path(__file__).parents[3] / "docs" / "webhook-vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector: Any) -> None:
    """The headers of each vector equal the headers that the service sends."""
    at = datetime.fromtimestamp(vector["timestamp"], UTC)
    headers = signed_headers(vector["secrets"], vector["headers"]["webhook-id"], vector["body"].encode(), at)
    assert headers == vector["headers"]


def test_standard_webhooks_verifies_our_signatures() -> None:
    """The library standardwebhooks accepts our signatures with any secret, and refuses changed requests."""
    now, body = datetime.now(UTC), b'{"event":"resolve.done"}'
    for _ in range(50):
        secret = new_webhook_secret()
        headers = signed_headers([secret], "019bb7a4-6b10-7000-8000-000000000000", body, now)
        assert Webhook(secret).verify(body, headers) == {"event": "resolve.done"}
        for changed in (headers | {"webhook-id": "other"}, headers | {"webhook-timestamp": "1"}):
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body, changed)


def test_both_secrets_of_a_rolled_key_verify() -> None:
    """A receiver that knows one of two secrets accepts both kinds of header."""
    secrets, body, now = [new_webhook_secret(), new_webhook_secret()], b"{}", datetime.now(UTC)
    headers = signed_headers(secrets, "x", body, now)
    timestamp, *signatures = headers["X-LinkSkipper-Signature"].split(",")
    for secret in secrets:
        Webhook(secret).verify(body, headers)
        signed = f"{timestamp.removeprefix('t=')}.".encode() + body
        assert f"v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}" in signatures


def test_the_time_is_signed() -> None:
    """The same body signed a second later has other signatures."""
    now = datetime.now(UTC)
    first, second = (signed_headers(["whsec_AAAA"], "x", b"{}", now + timedelta(seconds=seconds)) for seconds in (0, 1))
    assert first["webhook-id"] == second["webhook-id"]
    assert all(first[name] != second[name] for name in first if name != "webhook-id")


@pytest.mark.parametrize("count", [1, MAX_VALUES, MAX_VALUES + 1])
def test_signatures_in_a_header(count: int) -> None:
    """A header with a bounded number of signatures is read. Each kind holds for its secret, wherever it stands."""
    secret, body, now = new_webhook_secret(), b"{}", datetime.now(UTC)
    secrets = [*(new_webhook_secret() for _ in range(count - 1)), secret]
    headers = signed_headers(secrets, "x", body, now)
    signatures = read_signatures("\n".join(f"{name}: {value}" for name, value in headers.items()))
    assert len(signatures) == (2 if count <= MAX_VALUES else 0)
    for signature in signatures:
        assert signature.is_made_with([new_webhook_secret(), secret], body)
        assert not signature.is_made_with([new_webhook_secret()], body)
        assert not signature.is_made_with(secrets, b"{ }")
