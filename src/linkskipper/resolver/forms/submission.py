"""Turn a form in a page into the request that a click, or the page's own script, sends."""

from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkskipper.egress import UTF8, Charset, Url, UrlTooLong
from linkskipper.resolver.errors import Stop, url_too_long
from linkskipper.resolver.forms.controls import controls_of, disabled_controls, form_owners, is_submitter
from linkskipper.resolver.forms.encoding import ENCODERS, character_count, urlencoded
from linkskipper.resolver.forms.entries import form_entries, lacks_required_input
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.request import PLAIN_GET, RequestSpec
from linkskipper.resolver.urls.target import Target, read_target

MAX_FIELDS = 2000
MAX_CHARACTERS = 256 * 1024
_URLENCODED = "application/x-www-form-urlencoded"
_XHR_CONTENT_TYPE = f"{_URLENCODED}; charset=UTF-8"


class Form(NamedTuple):
    """A form of a page, and the button that a click would hit. Without a button, only a script can send the form."""

    element: LexborNode
    button: LexborNode | None


class FormSubmission(NamedTuple):
    """The request that sends a form, and its target."""

    target: Target
    spec: RequestSpec


def find_form(page: Page, selector: str, *, waited: bool) -> Form | None:
    """Return the form that a selector finds, or the form of the button that it finds.

    The page's script is assumed to enable a selected button. After a countdown (`waited`), it is assumed to enable any.
    """
    tree = page.tree
    if tree is None:
        return None
    owners: dict[int, LexborNode] | None = None
    for element in tree.css(selector):
        if element.tag == "form":
            return Form(element, _default_button(element, tree, waited=waited))
        if is_submitter(element):
            owners = form_owners(tree) if owners is None else owners
            if (owner := owners.get(element.mem_id)) is not None:
                return Form(owner, element)
    return None


def submit_by_click(form: Form, page: Page) -> FormSubmission | None:
    """Return the request that a click on the button sends, or None if a browser would send nothing.

    Raises:
        Stop: The form is too large, or the URL of the request is too long.
    """
    tree, attributes = page.tree, form.element.attributes
    if tree is None:
        return None
    controls = _bounded(controls_of(form.element, tree), page.url)
    button = form.button.attributes if form.button is not None else {}
    is_validated = form.button is not None and "novalidate" not in attributes and "formnovalidate" not in button
    if is_validated and lacks_required_input(controls, tree):
        return None
    action = button["formaction"] if "formaction" in button else attributes.get("action")
    method = (button["formmethod"] if "formmethod" in button else attributes.get("method")) or ""
    enctype = (button["formenctype"] if "formenctype" in button else attributes.get("enctype")) or ""
    target, charset = _target(action, page), _charset(attributes.get("accept-charset"), page)
    if target is None or method.lower() == "dialog":
        return None
    entries = list(form_entries(controls, tree, form.button, charset.name))
    if character_count(entries) > MAX_CHARACTERS:
        raise _too_large(page.url)
    if method.lower() != "post":
        return FormSubmission(_with_query(target, urlencoded(entries, charset)), PLAIN_GET)
    content_type, body = ENCODERS.get(enctype.lower(), ENCODERS[_URLENCODED])(entries, charset)
    return FormSubmission(target, RequestSpec("POST", body, content_type))


def submit_by_xhr(form: Form, page: Page) -> FormSubmission | None:
    """Return the request of a script that serialises the form: no button, no files, always UTF-8.

    Raises:
        Stop: The form is too large, or the URL of the request is too long.
    """
    tree, attributes = page.tree, form.element.attributes
    target = _target(attributes.get("action"), page)
    if tree is None or target is None:
        return None
    controls = _bounded(controls_of(form.element, tree), page.url)
    entries = [entry for entry in form_entries(controls, tree, None, UTF8.name) if not entry.is_file]
    if character_count(entries) > MAX_CHARACTERS:
        raise _too_large(page.url)
    text = urlencoded(entries, UTF8)
    if (attributes.get("method") or "").lower() != "post":
        return FormSubmission(_with_query(target, text), RequestSpec(is_xhr=True))
    return FormSubmission(target, RequestSpec("POST", text.encode(), _XHR_CONTENT_TYPE, is_xhr=True))


def _default_button(form: LexborNode, tree: LexborHTMLParser, *, waited: bool) -> LexborNode | None:
    """Return the first enabled submit button or, after a countdown, the first one at all."""
    disabled = disabled_controls(tree)
    buttons = [control for control in controls_of(form, tree)[:MAX_FIELDS] if is_submitter(control)]
    enabled = [button for button in buttons if button.mem_id not in disabled]
    return next(iter(enabled or (buttons if waited else ())), None)


def _target(action: str | None, page: Page) -> Target | None:
    """Return the target of a form. An empty or missing action is the page itself, whatever its base element says."""
    try:
        return read_target(action or "", page.base if action else page.url, page.charset)
    except UrlTooLong:
        raise url_too_long(page.url.host) from None


def _with_query(target: Target, query: str) -> Target:
    """Replace the query of the action by the fields. A URL of another scheme stays as it is."""
    if target.url is None:
        return target
    try:
        url = target.url.with_query(query)
    except UrlTooLong:
        raise url_too_long(target.url.host) from None
    return Target(url.href, url.scheme, url)


def _charset(accepted: str | None, page: Page) -> Charset:
    """Return the first known charset of accept-charset, else UTF-8. Without the attribute, return the page's own."""
    if accepted is None or not accepted.split():
        return page.charset
    charsets = (Charset.from_label(label) for label in accepted.split())
    return next((charset for charset in charsets if charset is not None), UTF8).for_output()


def _bounded(controls: list[LexborNode], url: Url) -> list[LexborNode]:
    if len(controls) > MAX_FIELDS:
        raise Stop(Reason.BODY_TOO_LARGE, f"A form on {url.host} has more than {MAX_FIELDS} fields.")
    return controls


def _too_large(url: Url) -> Stop:
    return Stop(Reason.BODY_TOO_LARGE, f"A form on {url.host} has more than {MAX_CHARACTERS} characters.")
