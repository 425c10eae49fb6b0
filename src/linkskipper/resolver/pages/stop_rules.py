"""The stop rules: what must end a link, told from the answers themselves."""

from itertools import product

from selectolax.lexbor import LexborHTMLParser

from linkskipper.egress import Response
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.scripts import variable
from linkskipper.resolver.result import Reason

TRANSIENT = frozenset({408, 425, 429, *range(500, 600)})
_GONE = frozenset({404, 410})
_UNAUTHORISED = 401
_ERRORS = 400

_CAPTCHA = (
    ".g-recaptcha, .h-captcha, .cf-turnstile, #captchaShortlink, #invisibleCaptchaShortlink, form#form-captcha,"
    ' iframe[src*="/recaptcha/"], iframe[src*="hcaptcha.com/"],'
    ' iframe[src*="challenges.cloudflare.com/"]'
)
_ADLINKFLY_CAPTCHA = "app_vars.captcha_shortlink"
_CHALLENGE = '#challenge-form, #challenge-running, script[src*="/cdn-cgi/challenge-platform/"]'
_SECRET_FIELD = 'input[type="password" i]'  # noqa: S105 - a selector
_USER_NAME = (
    'input[type="email" i], input[name*="user" i], input[name*="email" i], input[name*="login" i],'
    ' input[autocomplete="username"]'
)
_HEADINGS = "title, h1, h2"
_MOST_HEADINGS = 20  # one that speaks of the link is among the first
_MOST_CHARACTERS = 1000  # of one heading
_SUBJECTS = ("link", "url", "page")
_VERDICTS = (
    "not found",
    "expired",
    "has expired",
    "is expired",
    "was deleted",
    "has been deleted",
    "was removed",
    "has been removed",
    "has been disabled",
    "has been deactivated",
    "does not exist",
    "doesn't exist",
    "no longer exists",
    "is no longer active",
    "is no longer available",
)
_REMOVED = tuple(f"{subject} {verdict}" for subject, verdict in product(_SUBJECTS, _VERDICTS))
_ADBLOCK = ("ad blocker detected", "adblock detected", "adblocker detected", "disable your ad", "turn off your ad")


def check_answer(response: Response, *, of_link: bool = True) -> None:
    """Raise Stop for what the status and headers say already; what a form or script is told is not about the link."""
    host, status = response.url.host, response.status
    if response.headers.get("cf-mitigated", "").lower() == "challenge":
        raise Stop(Reason.BOT_CHALLENGE, f"{host} challenges whoever might be a robot.")
    if status in _GONE and not of_link:
        raise Stop(Reason.PROVIDER_CHANGED, f"{host} has no such address for its form or script any more.")
    if status in _GONE:
        raise Stop(Reason.LINK_REMOVED, f"{host} says that there is no such link (any more).")
    if status == _UNAUTHORISED:
        raise Stop(Reason.LOGIN_REQUIRED, f"{host} wants a log-in.")


def check_page(page: Page) -> None:
    """Raise Stop for what the page asks of its visitor, says of the link, or fails with."""
    if page.tree is not None:
        _check_tree(page.tree, page.url.host)
    if b"captcha_shortlink" in page.response.body and variable(page.scripts, _ADLINKFLY_CAPTCHA) == "yes":
        raise Stop(Reason.CAPTCHA_REQUIRED, f"{page.url.host} asks for a CAPTCHA.")
    if page.status >= _ERRORS:
        raise Stop(Reason.UPSTREAM_ERROR, f"{page.url.host} answered with status {page.status}.")


def dead_end(page: Page) -> Stop:
    """What it means that a page leads nowhere: a page to be read is no link, anything else a link to nothing."""
    if page.tree is None or page.status // 100 == 3:  # noqa: PLR2004 - the class of redirects
        return Stop(Reason.NO_DESTINATION, f"{page.url.host} answered with nothing that leads on.")
    return Stop(Reason.NOT_A_LINK, f"{page.url.href} is a page that leads nowhere, not a short link.")


def _check_tree(tree: LexborHTMLParser, host: str) -> None:
    if tree.css_first(_CAPTCHA) is not None:
        raise Stop(Reason.CAPTCHA_REQUIRED, f"{host} asks for a CAPTCHA.")
    if tree.css_first(_CHALLENGE) is not None:
        raise Stop(Reason.BOT_CHALLENGE, f"{host} challenges whoever might be a robot.")
    if tree.css_first(_SECRET_FIELD) is not None:
        if tree.css_first(_USER_NAME) is not None:
            raise Stop(Reason.LOGIN_REQUIRED, f"{host} wants a log-in.")
        raise Stop(Reason.PASSWORD_REQUIRED, f"{host} asks for the link's password.")
    # Apart, so that no phrase begins in one and ends in the next.
    headings = " | ".join(element.text()[:_MOST_CHARACTERS] for element in tree.css(_HEADINGS)[:_MOST_HEADINGS])
    _check_headings(" ".join(headings.lower().split()), host)


def _check_headings(words: str, host: str) -> None:
    if any(phrase in words for phrase in _REMOVED):
        raise Stop(Reason.LINK_REMOVED, f"{host} says that the link is gone.")
    if any(phrase in words for phrase in _ADBLOCK):
        raise Stop(Reason.ADBLOCK_GATE, f"{host} wants an ad blocker to be switched off.")
