"""The form of keys and secrets: a prefix, random base62 characters and, for keys, a checksum.

The checksum rejects garbage without a database query.
"""

import secrets
import string
from zlib import crc32

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
KEY_PREFIX = "sk_live_"
WEBHOOK_PREFIX = "whsec_"
RANDOM_CHARACTERS = 32  # 190 bits
CHECKSUM_CHARACTERS = 6  # holds any CRC-32 in base62
DISPLAY_CHARACTERS = len(KEY_PREFIX) + 4
KEY_CHARACTERS = len(KEY_PREFIX) + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS


def new_key() -> str:
    """Make an API key."""
    body = KEY_PREFIX + _random(RANDOM_CHARACTERS)
    return body + _checksum(body)


def new_webhook_secret() -> str:
    """Make a webhook secret."""
    return WEBHOOK_PREFIX + _random(RANDOM_CHARACTERS)


def well_formed(key: str) -> bool:
    """Tell whether a key has the form and the checksum of a key from `new_key`."""
    body, checksum = key[:-CHECKSUM_CHARACTERS], key[-CHECKSUM_CHARACTERS:]
    return len(key) == KEY_CHARACTERS and key.isascii() and checksum == _checksum(body)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number = crc32(body.encode())
    digits = ""
    for _ in range(CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
