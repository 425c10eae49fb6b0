"""Read the JSON responses to the requests of a shortener's script."""

import re
from typing import Any

import msgspec

from linkskipper.egress import Response
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.reasons import Reason

_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_ERROR_WORDS: tuple[tuple[Reason, tuple[str, ...]], ...] = (
    (Reason.CAPTCHA_REQUIRED, ("captcha", "not a robot", "are human")),
    (Reason.PASSWORD_REQUIRED, ("password",)),
    (Reason.LOGIN_REQUIRED, ("log in", "login", "sign in")),
    (Reason.ADBLOCK_GATE, ("adblock", "ad block")),
    (Reason.LINK_REMOVED, ("expired", "not found", "deleted", "removed", "disabled", "does not exist", "no longer")),
)
_OF_THE_VISIT = ("session", "token", "page", "request", "time")  # words for things that expire while the link lives


def read_json(response: Response) -> Any:
    """Return the decoded JSON of a response, whatever its media type, or None if it is not JSON."""
    try:
        return msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def pick(document: Any, path: str) -> str | None:
    """Return the text at a path of names and [indexes], or None."""
    for index, name in _PART.findall(path):
        if index and isinstance(document, list) and int(index) < len(document):
            document = document[int(index)]
        elif name and isinstance(document, dict):
            document = document.get(name)
        else:
            return None
    return document if isinstance(document, str) and document else None


def check_reply(document: Any, host: str) -> None:
    """Check whether a response reports an error.

    Raises:
        Stop: It does. The words of its message decide the reason.
    """
    if not isinstance(document, dict) or document.get("status") != "error":
        return
    message = document.get("message")
    printable = "".join(letter if letter.isprintable() else " " for letter in str(message or "no message")[:1000])
    text = " ".join(printable.split())[:200]
    raise Stop(_reason(text.lower()), f"{host} answered with an error: {text}")


def _reason(text: str) -> Reason:
    for reason, words in _ERROR_WORDS:
        if any(word in text for word in words):
            is_of_the_visit = reason is Reason.LINK_REMOVED and any(word in text for word in _OF_THE_VISIT)
            return Reason.PROVIDER_CHANGED if is_of_the_visit else reason
    return Reason.PROVIDER_CHANGED
