"""Read the signatures of a request that a receiver got, and tell whether they hold."""

import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from linkskipper.webhooks.signing import OWN, STANDARD, own_signature, standard_signature

MAX_VALUES = 10  # signatures in a header. We send two at most
TIME = r"\d{1,11}"  # seconds, as far as the year 5138
OWN_VALUE = re.compile(rf"t=({TIME})((?:,v1=[0-9a-f]{{64}}){{1,{MAX_VALUES}}})", re.ASCII)
STANDARD_VALUE = re.compile(rf"v1,[A-Za-z0-9+/=]+(?: v1,[A-Za-z0-9+/=]+){{0,{MAX_VALUES - 1}}}")
SIGNATURE = re.compile(r"v1[=,][A-Za-z0-9+/=]+")


class Signature(msgspec.Struct, frozen=True):
    """The signatures in a header. `message_id` is empty if the request has no `webhook-id`."""

    header: str
    message_id: str
    at: datetime
    values: tuple[str, ...]

    def is_made_with(self, secrets: Sequence[str], body: bytes) -> bool:
        """Tell whether one of the secrets signs the body."""
        made = [self._sign(secret, body) for secret in secrets]
        return sum(hmac.compare_digest(one, other) for one in made for other in self.values) > 0

    def _sign(self, secret: str, body: bytes) -> str:
        timestamp = str(int(self.at.timestamp()))
        if self.header == OWN:
            return own_signature(secret, timestamp, body)
        return standard_signature(secret, self.message_id, timestamp, body)


def read_signatures(text: str) -> list[Signature]:
    """Read the signatures in lines of the form `Name: value`. Headers that are incomplete or malformed are left out."""
    lines = (line.partition(":") for line in text.splitlines())
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    message_id, signatures = headers.get("webhook-id", ""), []
    if own := OWN_VALUE.fullmatch(headers.get(OWN.lower(), "")):
        signatures.append(_signature(OWN, message_id, own[1], own[2]))
    seconds, standard = headers.get("webhook-timestamp", ""), headers.get(STANDARD, "")
    if message_id and re.fullmatch(TIME, seconds, re.ASCII) and STANDARD_VALUE.fullmatch(standard):
        signatures.append(_signature(STANDARD, message_id, seconds, standard))
    return signatures


def _signature(header: str, message_id: str, seconds: str, values: str) -> Signature:
    return Signature(header, message_id, datetime.fromtimestamp(int(seconds), UTC), tuple(SIGNATURE.findall(values)))
