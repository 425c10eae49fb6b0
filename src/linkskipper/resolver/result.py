"""What becomes of a link, and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec

from linkskipper.catalog import Tier
from linkskipper.errors import LinkSkipperError

ResolutionStatus = Literal["done", "failed", "invalid"]


class Mechanism(StrEnum):
    """How a URL passed the visitor on."""

    LOCATION_HEADER = "location-header"
    REFRESH_HEADER = "refresh-header"
    META_REFRESH = "meta-refresh"
    SCRIPT_LOCATION = "js-relocation"
    PAGE_LINK = "page-link"
    CLICK = "click"
    SCRIPT_VALUE = "script-value"
    FORM = "form"
    XHR = "xhr"
    JSON_VALUE = "json-value"
    QUERY = "query"
    PATH = "path"
    FRAGMENT = "fragment"


class Reason(StrEnum):
    """The stop rules of providers.md, and `unsupported_link` for what no provider takes."""

    CAPTCHA_REQUIRED = "captcha_required"
    BOT_CHALLENGE = "bot_challenge"
    PASSWORD_REQUIRED = "password_required"  # noqa: S105 - a reason
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
    PROVIDER_CHANGED = "provider_changed"
    BLOCKED_ADDRESS = "blocked_address"
    UPSTREAM_ERROR = "upstream_error"
    UNSUPPORTED_LINK = "unsupported_link"


@dataclass(frozen=True, slots=True)
class ReasonRule:
    """What a reason means: how the link ends, whether that is remembered, whether the fetch is tried again first."""

    ends_as: Literal["failed", "invalid"] = "failed"
    remembered: bool = False
    retried: bool = False


_INVALID = frozenset({Reason.NOT_A_LINK, Reason.BAD_SCHEME, Reason.NO_DESTINATION, Reason.UNSUPPORTED_LINK})

REASONS: dict[Reason, ReasonRule] = {
    reason: ReasonRule("invalid" if reason in _INVALID else "failed") for reason in Reason
} | {
    Reason.LINK_REMOVED: ReasonRule(remembered=True),
    Reason.UPSTREAM_ERROR: ReasonRule(retried=True),
}


class Hop(msgspec.Struct, frozen=True, gc=False):
    """A URL that was visited. `mechanism` is how it passed on, None where the link ended; `status` is None where no
    answer came or none was asked for.
    """

    url: str
    mechanism: Mechanism | None
    status: int | None
    milliseconds: float


class Resolution(msgspec.Struct, frozen=True, gc=False):
    """How a link ended: at `target_url`, or for `reason`, with `detail` for people.

    `provider` is the first that it passed, `tier` and `cost` (in credits) are the dearest's.

    `host_unresponsive` is true only for a link that ended `timeout` because the host of its last hop had the full time
    of one fetch and did not answer. The full time is the client's own limit for connecting or for the whole fetch, or
    half of the link's time. The member is false where something else used up the time: earlier hops, a countdown, the
    wait for a place or a turn at the provider, or a page that keeps a browser busy. Then the timeout says nothing about
    the host. The public JSON does not show this member.
    """

    url: str
    target_url: str | None
    provider: str | None
    tier: Tier | None
    cost: int
    reason: Reason | None
    detail: str | None
    hops: tuple[Hop, ...]
    host_unresponsive: bool = False

    @property
    def status(self) -> ResolutionStatus:
        """The job status that this is."""
        return "done" if self.reason is None else REASONS[self.reason].ends_as

    def require_target(self) -> str:
        """The target; raises LinkInvalid or LinkFailed where there is none."""
        if self.target_url is not None:
            return self.target_url
        raise (LinkInvalid if self.status == "invalid" else LinkFailed)(self)


class NotResolved(LinkSkipperError):
    """A link has no target; `resolution` tells all about it."""

    def __init__(self, resolution: Resolution) -> None:
        super().__init__(f"{resolution.url}: {resolution.reason}: {resolution.detail}")
        self.resolution = resolution
        self.reason = resolution.reason


class LinkFailed(NotResolved):
    """It could not be resolved; another time it may be."""


class LinkInvalid(NotResolved):
    """It is no link that could ever be resolved."""
