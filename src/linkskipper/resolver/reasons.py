"""The reasons for which a link ends without a target, and the rule of each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Reason(StrEnum):
    """The stop rules of docs/reference/provider-files.md, and `unsupported_link` for a link of no provider."""

    CAPTCHA_REQUIRED = "captcha_required"
    BOT_CHALLENGE = "bot_challenge"
    PASSWORD_REQUIRED = "password_required"  # noqa: S105 - not a secret
    LOGIN_REQUIRED = "login_required"
    ADBLOCK_GATE = "adblock_gate"
    LINK_REMOVED = "link_removed"
    NOT_A_LINK = "not_a_link"
    BAD_SCHEME = "bad_scheme"
    NO_DESTINATION = "no_destination"
    LOOP_DETECTED = "loop_detected"
    TOO_MANY_HOPS = "too_many_hops"
    TIMEOUT = "timeout"
    WAIT_TOO_LONG = "wait_too_long"
    BODY_TOO_LARGE = "body_too_large"
    URL_TOO_LONG = "url_too_long"
    PROVIDER_CHANGED = "provider_changed"
    BROWSER_REQUIRED = "browser_required"
    BLOCKED_ADDRESS = "blocked_address"
    UPSTREAM_ERROR = "upstream_error"
    UNSUPPORTED_LINK = "unsupported_link"


@dataclass(frozen=True, slots=True)
class ReasonRule:
    """How a link with a reason ends, whether the service remembers that, and whether the fetch is retried first."""

    ends_as: Literal["failed", "invalid"] = "failed"
    remembered: bool = False
    retried: bool = False


_INVALID = frozenset({Reason.NOT_A_LINK, Reason.BAD_SCHEME, Reason.NO_DESTINATION, Reason.UNSUPPORTED_LINK})

REASONS: dict[Reason, ReasonRule] = {
    **{reason: ReasonRule("invalid" if reason in _INVALID else "failed") for reason in Reason},
    Reason.LINK_REMOVED: ReasonRule(remembered=True),
    Reason.UPSTREAM_ERROR: ReasonRule(retried=True),
}
