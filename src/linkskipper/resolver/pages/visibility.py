"""Tell what a page shows from what it keeps hidden, as far as its markup says so: style sheets are not read."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_NEVER_SHOWN = frozenset({"noscript", "svg", "template"})
_ALWAYS_SHOWN = frozenset({"html", "body"})  # scripts show a page that is hidden as a whole
_SHOWING_STYLE = re.compile(r"(?:^|[;\s])display\s*:\s*(?:block|flex|grid)", re.IGNORECASE)
_HIDING_STYLE = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
# Classes by which Bootstrap, Tailwind, Bulma, Materialize and jQuery Mobile hide an element.
_HIDING_CLASSES = frozenset({"is-hidden", "hide", "invisible"})
_HIDING_ON_PHONES = frozenset({"d-none", "hidden"})  # unless another class shows the element on larger screens
_SHOWING_CLASS = re.compile(
    r"(?:^|:)(?:sm|md|lg|xl|2xl):(?:block|flex|grid|inline\S*|table\S*|contents)$|^d-(?:sm|md|lg|xl|xxl)-(?!none$)"
)
_MAY_HIDE = "[hidden], [style], [class], dialog"


def is_shown(element: LexborNode) -> bool:
    """Return whether an element is shown to visitors with scripts. The title of a picture in SVG is not."""
    node: LexborNode | None = element
    while node is not None:
        if node.tag in _NEVER_SHOWN or _is_hidden(node):
            return False
        node = node.parent
    return True


def remove_hidden(tree: LexborHTMLParser) -> None:
    """Remove the elements that a page hides."""
    for element in reversed(tree.css(_MAY_HIDE)):  # an element before the one that holds it
        if _is_hidden(element):
            element.decompose()


def _is_hidden(element: LexborNode) -> bool:
    attributes = element.attributes
    style = attributes.get("style") or ""
    if element.tag in _ALWAYS_SHOWN or _SHOWING_STYLE.search(style) is not None:
        return False
    if "hidden" in attributes or (element.tag == "dialog" and "open" not in attributes):
        return True
    if _HIDING_STYLE.search(style) is not None:
        return True
    classes = frozenset((attributes.get("class") or "").split())
    if not _HIDING_CLASSES.isdisjoint(classes) or ("modal" in classes and "show" not in classes):
        return True
    return not _HIDING_ON_PHONES.isdisjoint(classes) and not any(map(_SHOWING_CLASS.search, classes))
