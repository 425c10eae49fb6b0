"""Random codes, and the hashes under which they are stored."""

import secrets
from base64 import b32encode
from hashlib import sha256

TOKEN_BYTES = 32  # 256 bits
RECOVERY_BYTES = 10  # 80 bits, 16 characters


def new_token() -> str:
    """Make a code for a cookie or a one-time link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_recovery_code() -> str:
    """Make a code that a person can copy from paper."""
    text = b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()
    return "-".join(text[begin : begin + 4] for begin in range(0, len(text), 4))


def hash_code(code: str) -> bytes:
    """Return the hash of a code. The codes are random, so a fast hash is enough."""
    return sha256(code.encode()).digest()


def hash_recovery_code(code: str) -> bytes:
    """Return the hash of a recovery code, however it was typed."""
    return hash_code("".join(code.split()).replace("-", "").upper())
