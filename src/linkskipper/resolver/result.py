"""The result of resolving a link: its hops, and its target or the reason why there is none."""

from enum import StrEnum
from typing import Literal

import msgspec

from linkskipper.catalog import Tier
from linkskipper.errors import LinkSkipperError
from linkskipper.resolver.reasons import REASONS, Reason

ResolutionStatus = Literal["done", "failed", "invalid"]


class Mechanism(StrEnum):
    """How a URL sent the visitor to the next one."""

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
    WARNING_PAGE = "warning-page"


AUTOMATIC = frozenset(
    {Mechanism.LOCATION_HEADER, Mechanism.REFRESH_HEADER, Mechanism.META_REFRESH, Mechanism.SCRIPT_LOCATION}
)
"""The mechanisms by which a page leads on without its visitor."""

READ_FROM_URL = frozenset({Mechanism.QUERY, Mechanism.PATH, Mechanism.FRAGMENT, Mechanism.WARNING_PAGE})
"""The mechanisms of a URL that carries the next one."""


class Hop(msgspec.Struct, frozen=True, gc=False):
    """One URL that was visited.

    Attributes:
        url: The URL.
        mechanism: How it led on, or None where the link ended.
        status: The HTTP status, or None if no request was sent or no response came.
        milliseconds: The time of the fetch, with its retries.
    """

    url: str
    mechanism: Mechanism | None
    status: int | None
    milliseconds: float


class Resolution(msgspec.Struct, frozen=True, gc=False):
    """How a link ended.

    Attributes:
        url: The link as it was given.
        target_url: Where the link leads, or None.
        provider: The id of the first provider that the link passed, or None.
        tier: The tier of the most expensive provider that the link passed, or None.
        cost: The price of that provider, in credits.
        reason: Why there is no target, or None.
        detail: The reason as a sentence for people, or None.
        hops: The URLs on the way.
        host_unresponsive: True only for a link that ended `timeout` because the host of its last hop did not answer
            although it had the full time of one fetch: the client's limit for connecting or for the whole fetch, or
            half of the link's time. False where something else used up the time: earlier hops, a countdown, the wait
            for a slot or a turn at the provider, or a page that keeps a browser busy. The public JSON does not show it.
        service_failed: True where this service failed and no host did, such as a browser that did not start. The public
            JSON does not show it.
        host_ports: The hosts of the first and the last hop with their ports (see `Url.host_port`). Empty without hops.
            The public JSON does not show them.
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
    host_ports: tuple[str, ...] = ()
    service_failed: bool = False

    @property
    def status(self) -> ResolutionStatus:
        """The status of a job that ends with this result."""
        return "done" if self.reason is None else REASONS[self.reason].ends_as

    def require_target(self) -> str:
        """Return the target.

        Raises:
            LinkFailed: There is none, but another attempt may find one.
            LinkInvalid: There is none.
        """
        if self.target_url is not None:
            return self.target_url
        raise (LinkInvalid if self.status == "invalid" else LinkFailed)(self)


class NotResolved(LinkSkipperError):
    """A link has no target. `resolution` is the whole result."""

    def __init__(self, resolution: Resolution) -> None:
        super().__init__(f"{resolution.url}: {resolution.reason}: {resolution.detail}")
        self.resolution = resolution
        self.reason = resolution.reason


class LinkFailed(NotResolved):
    """The link could not be resolved. Another attempt may succeed."""


class LinkInvalid(NotResolved):
    """The link can never be resolved."""
