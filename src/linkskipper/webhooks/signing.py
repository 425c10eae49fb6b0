"""Signatures: our own header (api.md, "Webhooks") and those of Standard Webhooks, from the same secrets.

While a secret that was rolled is in its grace time, both it and the new one sign, the new one first.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from linkskipper.accounts import WEBHOOK_PREFIX


def signed_headers(secrets: Sequence[str], message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers that prove to whoever has one of the secrets that we sent the body, under that id, at that time."""
    timestamp = str(int(at.timestamp()))
    ours = ",".join(f"v1={_hex(secret, timestamp, body)}" for secret in secrets)
    standard = " ".join(f"v1,{_base64(secret, message_id, timestamp, body)}" for secret in secrets)
    return {
        "X-LinkSkipper-Signature": f"t={timestamp},{ours}",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": standard,
    }


def _hex(secret: str, timestamp: str, body: bytes) -> str:
    """With the whole secret as it is written, prefix included."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()


def _base64(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """With what stands behind the prefix, decoded (Standard Webhooks 1.0.0, "Symmetric signatures")."""
    key = b64decode(secret.removeprefix(WEBHOOK_PREFIX))
    return b64encode(hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, sha256)).decode()
