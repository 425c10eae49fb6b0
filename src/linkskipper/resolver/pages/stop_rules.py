"""The stop rules: what ends a link, recognised in responses and pages."""

from selectolax.lexbor import LexborHTMLParser

from linkskipper.egress import Response
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.gates import (
    CAPTCHA,
    CHALLENGE,
    OF_A_NEW_LINK,
    asks_for,
    has_challenge_title,
    has_guard_script,
    is_challenge,
    may_ask,
    may_ask_for_captcha,
    may_have_gate,
    shows_nothing,
)
from linkskipper.resolver.pages.human_checks import checks_for_human
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.redirects import REDIRECTS
from linkskipper.resolver.pages.removed import says_removed, short_text, shown_text, speaks_of_maintenance
from linkskipper.resolver.pages.scripts import variable
from linkskipper.resolver.pages.secret_fields import asks_for_secret
from linkskipper.resolver.pages.visibility import is_shown
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.urls.home import is_home

TRANSIENT = frozenset({408, 425, 429, *range(500, 600)})
_GONE = frozenset({404, 410})
_UNAUTHORISED = 401
_ERRORS = 400
_SERVER_ERRORS = 500
_MAX_TOLD = 500  # characters of a broken URL

_ACTION_HEADERS = ("cf-mitigated", "x-amzn-waf-action", "x-vercel-mitigated")
_ADLINKFLY_CAPTCHA = "app_vars.captcha_shortlink"
_HEADINGS = "title, h1, h2"
_MAX_HEADINGS = 20  # a heading about the link is among the first
_MAX_HEADING_CHARACTERS = 1000
_ADBLOCK = ("ad blocker detected", "adblock detected", "adblocker detected", "disable your ad", "turn off your ad")


def check_response(response: Response) -> None:
    """Apply the stop rules for headers.

    Raises:
        Stop: A rule ends the link.
    """
    actions = {response.headers[name].lower() for name in _ACTION_HEADERS if name in response.headers}
    if "captcha" in actions:
        raise Stop(Reason.CAPTCHA_REQUIRED, f"{response.url.host} asks for a CAPTCHA.")
    if "challenge" in actions:
        raise Stop(Reason.BOT_CHALLENGE, f"{response.url.host} shows a bot challenge.")


def check_page(page: Page, *, may_lead_on: bool = False) -> None:
    """Apply the stop rules for the content of a page.

    `may_lead_on` is true for a page that leads on by itself, if it can. Then "page not found" says nothing: static
    hosts have no other way to lead on. A page that says that its link has expired leads to an advertisement.

    Raises:
        Stop: A rule ends the link.
    """
    if page.tree is not None:
        if may_have_gate(page.text):
            _check_gates(page.tree, page.url.href)
        if is_challenge(page.text):
            raise _challenge(page.url.href)
        if may_ask(page.text):
            _check_question(page.tree, page.url.href)
        _check_headings(page, page.tree, of_link=may_lead_on)
    if variable(page.scripts, _ADLINKFLY_CAPTCHA) == "yes":
        raise _captcha(page.url.href)


def check_status(page: Page, *, of_link: bool = True) -> None:
    """Apply the stop rules for the status. It counts only for a page that does not lead on by itself.

    `of_link` is false for the response to a form or a script, which says nothing about the link itself.

    Raises:
        Stop: A rule ends the link.
    """
    href, status = page.url.href, page.status
    if status in _GONE and not of_link:
        raise Stop(Reason.PROVIDER_CHANGED, f"{href} no longer exists, but a form or a script leads there.")
    if status in _GONE:
        raise Stop(Reason.LINK_REMOVED, f"{href} says that the link does not exist.")
    if status == _UNAUTHORISED:
        if page.tree is not None and asks_for_secret(page.tree, short_text(page)):
            raise _secret(href)
        raise Stop(Reason.LOGIN_REQUIRED, f"{href} requires a login.")
    if status >= _ERRORS:
        if _tells_removed(page):
            raise _removed(href)
        _check_blocking(page)
        raise Stop(Reason.UPSTREAM_ERROR, f"{href} answered with status {status}.")


def _check_blocking(page: Page) -> None:
    # Many sites show the badge of a CAPTCHA everywhere, also on the page of an outage.
    if page.status >= _SERVER_ERRORS:
        gate = _challenge(page.url.href) if page.tree is not None and has_challenge_title(page.tree) else None
    elif page.tree is not None:
        gate = _late_gate(page, page.tree)
    else:
        gate = _challenge(page.url.href) if has_guard_script(page.text) else None
    if gate is not None:
        raise gate


def _late_gate(page: Page, tree: LexborHTMLParser) -> Stop | None:
    """Return what a page that leads nowhere asks for. Many pages that lead on have the same signs."""
    if may_ask_for_captcha(tree, page.text):
        return _captcha(page.url.href)
    is_error = page.status >= _ERRORS
    if has_challenge_title(tree) or (has_guard_script(page.text) and (is_error or shows_nothing(tree))):
        return _challenge(page.url.href)
    text = short_text(page)
    if checks_for_human(tree, text) and tree.css_first(OF_A_NEW_LINK) is None:
        return _captcha(page.url.href)
    return _secret(page.url.href) if asks_for_secret(tree, text) else None


def home_stop(page: Page, home: str) -> Stop:
    """Return the error for a link whose page leads to the home page of its own site by itself.

    A server that fails or is maintained, and a page that asks for something, say nothing about the link.
    """
    href, status = page.url.href, page.status
    if status >= _ERRORS and status not in _GONE:
        return Stop(Reason.UPSTREAM_ERROR, f"{href} answered with status {status}.")
    if status not in REDIRECTS and page.is_small and page.tree is not None:
        if gate := _late_gate(page, page.tree):
            return gate
        if is_maintained(page):
            return Stop(Reason.UPSTREAM_ERROR, f"{href} says that the site is being maintained.")
    return removed_stop(href, home)


def is_maintained(page: Page) -> bool:
    """Return whether a small page says that its site is being maintained."""
    return page.is_small and speaks_of_maintenance(shown_text(page))


def removed_stop(link: str, page: str) -> Stop:
    """Return the error for a link that its shortener does not know, and for which it shows a page of its own site."""
    return Stop(Reason.LINK_REMOVED, f"{link} leads to {page}, a page of the same site: the link does not exist.")


def check_dead_end(page: Page) -> None:
    """End a link at a page without an onward URL.

    Raises:
        Stop: Always.
    """
    raise dead_end(page)


def dead_end(page: Page) -> Stop:
    """Classify a page without an onward URL: HTML is `not_a_link`, anything else `no_destination`."""
    href = page.url.href
    location = next(filter(None, page.response.locations()), None)
    if page.status in REDIRECTS and location is not None:
        detail = f"{href} redirects to {location[:_MAX_TOLD]}, which leads nowhere."
        return Stop(Reason.NO_DESTINATION, detail)
    if _tells_removed(page):
        return _removed(href)
    if page.tree is not None and not is_home(page.url) and page.is_small and (gate := _late_gate(page, page.tree)):
        return gate
    if not page.is_html or page.status // 100 == 3:  # noqa: PLR2004 - the class of redirects
        return Stop(Reason.NO_DESTINATION, f"{href} sent a response that leads nowhere.")
    return Stop(Reason.NOT_A_LINK, f"{href} is a page that leads nowhere, not a short link.")


def _check_gates(tree: LexborHTMLParser, href: str) -> None:
    if tree.css_first(CAPTCHA) is not None:
        raise _captcha(href)
    if tree.css_first(CHALLENGE) is not None:
        raise _challenge(href)


def _captcha(href: str) -> Stop:
    return Stop(Reason.CAPTCHA_REQUIRED, f"{href} asks for a CAPTCHA.")


def _challenge(href: str) -> Stop:
    return Stop(Reason.BOT_CHALLENGE, f"{href} shows a bot challenge.")


def _secret(href: str) -> Stop:
    return Stop(Reason.PASSWORD_REQUIRED, f"{href} asks for the password of the link.")


def _check_question(tree: LexborHTMLParser, href: str) -> None:
    match asks_for(tree):
        case "login":
            raise Stop(Reason.LOGIN_REQUIRED, f"{href} requires a login.")
        case "password":
            raise _secret(href)


def _check_headings(page: Page, tree: LexborHTMLParser, *, of_link: bool) -> None:
    words = _headings(tree)
    if _headings_tell_removed(page, words, of_link=of_link):
        raise _removed(page.url.href)
    if any(phrase in words for phrase in _ADBLOCK):
        raise Stop(Reason.ADBLOCK_GATE, f"{page.url.href} asks visitors to turn off their ad blocker.")


def _headings(tree: LexborHTMLParser) -> str:
    # The separator keeps a phrase from beginning in one heading and ending in the next.
    shown = (element for element in tree.css(_HEADINGS)[:_MAX_HEADINGS] if is_shown(element))
    headings = " | ".join(element.text()[:_MAX_HEADING_CHARACTERS] for element in shown)
    return " ".join(headings.lower().split())


def _headings_tell_removed(page: Page, words: str, *, of_link: bool = False) -> bool:
    if not says_removed(words, of_link=of_link):
        return False
    return _says_removed(page, words, around=shown_text(page), of_link=of_link)


def _tells_removed(page: Page) -> bool:
    """Return whether a page that leads nowhere says that the link is gone, in its headings or in a short text."""
    if page.tree is not None and _headings_tell_removed(page, _headings(page.tree)):
        return True
    return _says_removed(page, short_text(page))


def _says_removed(page: Page, text: str, *, around: str = "", of_link: bool = False) -> bool:
    """Return whether a text of a page says that the link is gone. A server that fails may only say that for good."""
    is_failing = page.status in TRANSIENT
    if is_failing and "Retry-After" in page.response.headers:
        return False
    return says_removed(text, around=around, for_good=is_failing, of_link=of_link)


def _removed(href: str) -> Stop:
    return Stop(Reason.LINK_REMOVED, f"{href} says that the link was removed.")
