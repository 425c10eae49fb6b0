"""What a shortener's script is told: the JSON answers to its requests."""

import re
from typing import Any

import msgspec

from linkskipper.egress import Response
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.result import Reason

_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_REFUSALS: tuple[tuple[Reason, tuple[str, ...]], ...] = (
    (Reason.CAPTCHA_REQUIRED, ("captcha", "not a robot", "are human")),
    (Reason.PASSWORD_REQUIRED, ("password",)),
    (Reason.LOGIN_REQUIRED, ("log in", "login", "sign in")),
    (Reason.ADBLOCK_GATE, ("adblock", "ad block")),
    (Reason.LINK_REMOVED, ("expired", "not found", "deleted", "removed", "disabled", "does not exist", "no longer")),
)
_OF_THE_VISIT = ("session", "token", "page", "request", "time")  # these expire, and the link does not


def read_json(response: Response) -> Any:
    """The answer's JSON, whatever type it is sent under; None where it is none."""
    try:
        return msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def pick(document: Any, path: str) -> str | None:
    """The text at a path of names and [numbers]; None where there is none."""
    for index, name in _PART.findall(path):
        if index and isinstance(document, list) and int(index) < len(document):
            document = document[int(index)]
        elif name and isinstance(document, dict):
            document = document.get(name)
        else:
            return None
    return document if isinstance(document, str) and document else None


def check_reply(document: Any, host: str) -> None:
    """Raise Stop where the answer says that it is an error, for the reason that its message gives."""
    if not isinstance(document, dict) or document.get("status") != "error":
        return
    message = document.get("message")
    spoken = "".join(each if each.isprintable() else " " for each in str(message or "no reason given")[:1000])
    said = " ".join(spoken.split())[:200]
    raise Stop(_reason(said.lower()), f"{host} refuses: {said}")


def _reason(said: str) -> Reason:
    for reason, words in _REFUSALS:
        if any(word in said for word in words):
            is_of_the_visit = reason is Reason.LINK_REMOVED and any(word in said for word in _OF_THE_VISIT)
            return Reason.PROVIDER_CHANGED if is_of_the_visit else reason
    return Reason.PROVIDER_CHANGED
