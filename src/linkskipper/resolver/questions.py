"""What the steps ask about a page. Each function depends on the page and its arguments only.

A large page is asked in another process, so arguments and results are data.
"""

from itertools import islice
from typing import Any

from linkskipper.resolver.forms.replies import check_reply, pick, read_json
from linkskipper.resolver.forms.submission import FormSubmission, find_form, submit_by_click, submit_by_xhr
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.redirects import NextUrl, links
from linkskipper.resolver.pages.scripts import captured, number, variable
from linkskipper.resolver.result import Mechanism

MAX_LINKS = 100
"""Links of one selector that are tried."""


def has_element(page: Page, selector: str) -> bool:
    """Return whether an element matches."""
    return page.tree is not None and page.tree.css_first(selector) is not None


def find_links(page: Page, selector: str, attribute: str) -> tuple[NextUrl, ...]:
    """Return the URLs in an attribute of the first elements that match."""
    return tuple(islice(links(page, selector, attribute), MAX_LINKS))


def script_value(page: Page, name: str | None, pattern: Any) -> NextUrl | None:
    """Return the URL that a variable is set to or, without a name, that the pattern captures."""
    text = variable(page.scripts, name) if name else captured(page.scripts, pattern)
    return NextUrl(text, Mechanism.SCRIPT_VALUE, page.base, page.charset) if text else None


def countdown_seconds(page: Page, name: str) -> float | None:
    """Return the number that a variable is set to."""
    return number(page.scripts, name)


def has_timer(page: Page) -> bool:
    """Return whether a script of the page waits for something."""
    return any("setTimeout" in script or "setInterval" in script for script in page.scripts)


def has_form(page: Page, selector: str, *, waited: bool) -> bool:
    """Return whether a form matches, or a button of one."""
    return find_form(page, selector, waited=waited) is not None


def click_submission(page: Page, selector: str, *, waited: bool) -> FormSubmission | None:
    """Return the request that a click sends, or None if a browser would send nothing.

    Raises:
        Stop: The form is too large, or the URL of the request is too long.
    """
    form = find_form(page, selector, waited=waited)
    return submit_by_click(form, page) if form is not None else None


def xhr_submission(page: Page, selector: str, *, waited: bool) -> FormSubmission | None:
    """Return the request of the page's script, or None if it would send nothing.

    Raises:
        Stop: The form is too large, or the URL of the request is too long.
    """
    form = find_form(page, selector, waited=waited)
    return submit_by_xhr(form, page) if form is not None else None


def check_json(page: Page, host: str) -> None:
    """Check whether a JSON response reports an error.

    Raises:
        Stop: It does.
    """
    check_reply(read_json(page.response), host)


def json_value(page: Page, path: str) -> str | None:
    """Return the text at a path in a JSON response, or None."""
    return pick(read_json(page.response), path)


def place_of_scripts(page: Page) -> NextUrl:
    """Return where a URL of the page's script would lead, without the URL."""
    return NextUrl("", Mechanism.JSON_VALUE, page.base, page.charset)
