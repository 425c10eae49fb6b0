"""Sign events: our own header (docs/reference/api.md, "Webhooks") and the headers of Standard Webhooks.

While a rolled secret is in its grace time, both secrets sign, the new one first.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from linkskipper.accounts import WEBHOOK_PREFIX

OWN, STANDARD = "X-LinkSkipper-Signature", "webhook-signature"


def signed_headers(secrets: Sequence[str], message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers that sign a body, its id and the time with each of the secrets."""
    timestamp = str(int(at.timestamp()))
    return {
        OWN: f"t={timestamp},{','.join(own_signature(secret, timestamp, body) for secret in secrets)}",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        STANDARD: " ".join(standard_signature(secret, message_id, timestamp, body) for secret in secrets),
    }


def own_signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign for the header OWN, with the whole secret, including its prefix."""
    return f"v1={hmac.digest(secret.encode(), f'{timestamp}.'.encode() + body, sha256).hex()}"


def standard_signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Sign for the header STANDARD, with the decoded part after the prefix (Standard Webhooks 1.0.0)."""
    key = b64decode(secret.removeprefix(WEBHOOK_PREFIX))
    return f"v1,{b64encode(hmac.digest(key, f'{message_id}.{timestamp}.'.encode() + body, sha256)).decode()}"
