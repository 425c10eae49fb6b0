"""Sign events: our own header (docs/reference/api.md, "Webhooks") and the headers of Standard Webhooks.

While a rolled secret is in its grace time, both secrets sign, the new one first.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from linkskipper.accounts import WEBHOOK_PREFIX


def signed_headers(secrets: Sequence[str], message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers that sign a body, its id and the time with each of the secrets."""
    timestamp = str(int(at.timestamp()))
    hex_signatures = ",".join(f"v1={_hex(secret, timestamp, body)}" for secret in secrets)
    standard_signatures = " ".join(f"v1,{_base64(secret, message_id, timestamp, body)}" for secret in secrets)
    return {
        "X-LinkSkipper-Signature": f"t={timestamp},{hex_signatures}",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": standard_signatures,
    }


def _hex(secret: str, timestamp: str, body: bytes) -> str:
    """Sign with the whole secret, including its prefix."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()


def _base64(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Sign with the decoded part after the prefix (Standard Webhooks 1.0.0, "Symmetric signatures")."""
    key = b64decode(secret.removeprefix(WEBHOOK_PREFIX))
    return b64encode(hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, sha256)).decode()
