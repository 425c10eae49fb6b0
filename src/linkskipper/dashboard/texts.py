"""Sentences about the values that the resolver gives: how a hop led to the next one, and why a link has no target."""

from collections.abc import Mapping

from linkskipper.errors import ApiError, LinkRemoved, OutOfCredits, ProviderDown, QuotaExceeded, UnsupportedLink
from linkskipper.jobs import ServiceReason
from linkskipper.resolver import Mechanism, Reason

MECHANISMS: Mapping[str, str] = {
    Mechanism.LOCATION_HEADER: "redirect by the Location header",
    Mechanism.REFRESH_HEADER: "redirect by the Refresh header",
    Mechanism.META_REFRESH: "redirect by a meta element",
    Mechanism.SCRIPT_LOCATION: "redirect by a script",
    Mechanism.PAGE_LINK: "link in the page",
    Mechanism.CLICK: "button or link that was pressed",
    Mechanism.SCRIPT_VALUE: "URL in a script",
    Mechanism.FORM: "form that was sent",
    Mechanism.XHR: "form that a script sent",
    Mechanism.JSON_VALUE: "URL in JSON",
    Mechanism.QUERY: "URL in the query",
    Mechanism.PATH: "URL in the path",
    Mechanism.FRAGMENT: "URL in the fragment",
    Mechanism.WARNING_PAGE: "page that warns of its destination",
}

REASON_TEXTS: Mapping[str, str] = {
    Reason.CAPTCHA_REQUIRED: "The page asks for a captcha, which only a person can solve. Another try rarely helps.",
    Reason.BOT_CHALLENGE: "The host checks for bots and did not let us through. Try again later.",
    Reason.PASSWORD_REQUIRED: "The page asks for a password.",
    Reason.LOGIN_REQUIRED: "The page asks for a sign-in.",
    Reason.ADBLOCK_GATE: "The page stops visitors whose browser seems to block advertising.",
    Reason.LINK_REMOVED: "The shortener says that the link was removed. The service remembers this for some time.",
    Reason.NOT_A_LINK: "The address is a page to read and not a short link.",
    Reason.BAD_SCHEME: "The link leads to something that is not a web address.",
    Reason.NO_DESTINATION: "The link leads nowhere.",
    Reason.LOOP_DETECTED: "The link leads back to itself.",
    Reason.TOO_MANY_HOPS: "The link redirects too many times. The operator can raise the limit in the provider file.",
    Reason.TIMEOUT: "A host on the way took too long. Try again later.",
    Reason.WAIT_TOO_LONG: "A countdown on the way is longer than the limit of the provider.",
    Reason.BODY_TOO_LARGE: "A page on the way is larger than the limit.",
    Reason.URL_TOO_LONG: "An address on the way is longer than the limit.",
    Reason.PROVIDER_CHANGED: "The page is not what the provider file expects. The shortener may have changed it.",
    Reason.BLOCKED_ADDRESS: "An address on the way is not public, so it was not contacted.",
    Reason.UPSTREAM_ERROR: "A host on the way answered with an error. Try again later.",
    Reason.UNSUPPORTED_LINK: "No supported provider has links like this.",
    Reason.BROWSER_REQUIRED: "This link needs a browser, and the service runs without one.",
}

JOB_REASON_TEXTS: Mapping[str, str] = {
    **REASON_TEXTS,
    ServiceReason.ATTEMPTS_EXHAUSTED: "The service lost this link several times. Send it again.",
    ServiceReason.INTERNAL_ERROR: "The service failed. Tell its operator the id of the link.",
    ServiceReason.CANCELLED: "An operator of the service cancelled this link.",
}

REFUSAL_STEPS: Mapping[type[ApiError], tuple[str, str]] = {
    UnsupportedLink: ("See which hosts are supported", "/dashboard/providers"),
    LinkRemoved: ("See the links that were resolved", "/dashboard/links"),
    ProviderDown: ("See the state of the providers", "/dashboard/providers"),
    QuotaExceeded: ("Change the limit of the key", "/dashboard/keys"),
    OutOfCredits: ("See the credits and how to get more", "/dashboard/credits"),
}
"""The next step for a link that was refused: a sentence, and the page for it."""
