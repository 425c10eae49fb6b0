"""From a form in a page to the request that sends it, as a click or the page's own script would."""

from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkskipper.egress import UTF8, Charset, Url
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.forms.controls import (
    controls_of,
    disabled_controls,
    entries,
    is_submitter,
    owners,
    wants_input,
)
from linkskipper.resolver.forms.encoding import ENCODERS, size, urlencoded
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.request import PLAIN, RequestSpec
from linkskipper.resolver.result import Reason
from linkskipper.resolver.urls.target import Target, read_target

MAX_FIELDS = 2000
MAX_CHARACTERS = 256 * 1024
_URLENCODED = "application/x-www-form-urlencoded"
_SCRIPT_TYPE = f"{_URLENCODED}; charset=UTF-8"


class Form(NamedTuple):
    """A form of a page, and the button that a click would hit; None where only a script can send it."""

    element: LexborNode
    button: LexborNode | None


class FormSubmission(NamedTuple):
    """A request ready to be sent."""

    target: Target
    outgoing: RequestSpec


def find_form(page: Page, selector: str, *, waited: bool) -> Form | None:
    """The form that a selector finds, or whose button it finds.

    A button that is named is taken to be enabled by the page's script, and so is any once a countdown was waited out.
    """
    tree = page.tree
    if tree is None:
        return None
    owned: dict[int, LexborNode] | None = None
    for element in tree.css(selector):
        if element.tag == "form":
            return Form(element, _default_button(element, tree, waited=waited))
        if is_submitter(element):
            owned = owners(tree) if owned is None else owned
            if (owner := owned.get(element.mem_id)) is not None:
                return Form(owner, element)
    return None


def submit_by_click(form: Form, page: Page) -> FormSubmission | None:
    """What a click on its button sends; None where a browser would send nothing.

    Raises Stop for a form of enormous size.
    """
    tree, attributes = page.tree, form.element.attributes
    if tree is None:
        return None
    controls = _bounded(controls_of(form.element, tree))
    button = form.button.attributes if form.button is not None else {}
    is_checked = form.button is not None and "novalidate" not in attributes and "formnovalidate" not in button
    if is_checked and wants_input(controls, tree):
        return None
    action = button["formaction"] if "formaction" in button else attributes.get("action")
    method = (button["formmethod"] if "formmethod" in button else attributes.get("method")) or ""
    enctype = (button["formenctype"] if "formenctype" in button else attributes.get("enctype")) or ""
    target, charset = _target(action, page), _charset(attributes.get("accept-charset"), page)
    if target is None or method.lower() == "dialog":
        return None
    sent = list(entries(controls, tree, form.button, charset.name))
    if size(sent) > MAX_CHARACTERS:
        raise _too_large(page.url)
    if method.lower() != "post":
        return FormSubmission(_with_query(target, urlencoded(sent, charset.codec)), PLAIN)
    content_type, body = ENCODERS.get(enctype.lower(), ENCODERS[_URLENCODED])(sent, charset.codec)
    return FormSubmission(target, RequestSpec("POST", body, content_type))


def submit_by_xhr(form: Form, page: Page) -> FormSubmission | None:
    """What a script sends that serializes it for an XMLHttpRequest: no button, no files, always UTF-8."""
    tree, attributes = page.tree, form.element.attributes
    target = _target(attributes.get("action"), page)
    if tree is None or target is None:
        return None
    controls = _bounded(controls_of(form.element, tree))
    sent = [entry for entry in entries(controls, tree, None, UTF8.name) if not entry.is_file]
    if size(sent) > MAX_CHARACTERS:
        raise _too_large(page.url)
    text = urlencoded(sent, UTF8.codec)
    if (attributes.get("method") or "").lower() != "post":
        return FormSubmission(_with_query(target, text), RequestSpec(is_xhr=True))
    return FormSubmission(target, RequestSpec("POST", text.encode(), _SCRIPT_TYPE, is_xhr=True))


def _default_button(form: LexborNode, tree: LexborHTMLParser, *, waited: bool) -> LexborNode | None:
    """Its first submit button: the first enabled one, or the one that the countdown enables."""
    disabled = disabled_controls(tree)
    buttons = [control for control in _bounded(controls_of(form, tree)) if is_submitter(control)]
    enabled = [button for button in buttons if button.mem_id not in disabled]
    return next(iter(enabled or (buttons if waited else ())), None)


def _target(action: str | None, page: Page) -> Target | None:
    """Where it goes: an empty or missing action is the page itself, whatever its base element says."""
    return read_target(action or "", page.base if action else page.url)


def _with_query(target: Target, query: str) -> Target:
    """Put the fields in the place of the action's query."""
    if target.url is None:
        return target
    bare, hash_, fragment = target.url.href.partition("#")
    return read_target(f"{bare.partition('?')[0]}?{query}{hash_}{fragment}", target.url) or target


def _charset(accepted: str | None, page: Page) -> Charset:
    """The first of accept-charset that is one, or else UTF-8; without the attribute, the page's own."""
    if accepted is None or not accepted.split():
        return page.response.encoding().for_output()
    known = (Charset.labelled(label) for label in accepted.split())
    return next((charset for charset in known if charset is not None), UTF8).for_output()


def _bounded(controls: list[LexborNode]) -> list[LexborNode]:
    if len(controls) > MAX_FIELDS:
        raise Stop(Reason.BODY_TOO_LARGE, f"A form there has more than {MAX_FIELDS} fields.")
    return controls


def _too_large(url: Url) -> Stop:
    return Stop(Reason.BODY_TOO_LARGE, f"A form on {url.host} holds more than {MAX_CHARACTERS} characters.")
