"""Recognise a page that asks for the PIN, the password or the code of a link in its only field."""

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkskipper.resolver.pages.asked import asked_for
from linkskipper.resolver.pages.gates import OF_A_NEW_LINK, form_of
from linkskipper.resolver.pages.visibility import is_shown

TYPED = ", ".join(("input:not([type])", *(f"input[type='{kind}' i]" for kind in ("", "text", "tel", "number"))))
"""Fields that a visitor types something into that others may read."""
_SHOWN_NAMES = ("placeholder", "aria-label", "title")
_FORM_NAMES = ("role", "action", "id", "class", "name")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECRET_WORDS = frozenset({"pin", "pass", "password", "passwd", "pwd", "passcode", "passphrase", "pincode", "secret"})
_NEUTRAL_WORDS = frozenset(
    {"access", "code", "enter", "field", "file", "form", "id", "input", "key", "link", "no", "number", "page", "phrase"}
    | {"protected", "short", "text", "txt", "unlock", "url", "val", "value", "word", "your"}
)
_OTHER_WORDS = frozenset(
    {"address", "age", "amount", "birthday", "card", "city", "comment", "country", "coupon", "date", "email", "find"}
    | {
        "keyword",
        "keywords",
        "length",
        "mail",
        "message",
        "mobile",
        "name",
        "newsletter",
        "order",
        "passenger",
        "phone",
    }
    | {"postal", "postcode", "promo", "q", "qty", "quantity", "query", "s", "search", "subject", "tel", "tracking"}
    | {"user", "username", "voucher", "year", "zip", "zipcode"}
)
_SEARCH = re.compile(
    r"search|suche|recherch|busca|cerca|zoek|\u043f\u043e\u0438\u0441\u043a|\u641c|\u691c\u7d22|\uac80\uc0c9",
    re.IGNORECASE,
)
# A PIN code is a postal code in India.
_POSTAL = re.compile(
    r"\b(?:zip|postal|post ?codes?|deliver\w*|shipping|courier|locality|your area|city|district|serviceab\w+)\b"
    r"|\u092a\u093f\u0928 \u0915\u094b\u0921|\u0921\u093f\u0932\u0940\u0935\u0930\u0940",
    re.IGNORECASE,
)
_ABOUT_PASSWORDS = re.compile(
    r"(?:forg[oe]t\w*|lost|reset|chang\w+|generat\w+|new|strong|random|secure) (?:(?:your|an?|the|my|strong|new) )*"
    r"passwords?|passwords? "
    r"(?:generat\w+|manage\w+|strength|check\w*|reset|length|polic\w+|recover\w*|tips?|safety|security)",
    re.IGNORECASE,
)
_PIN = re.compile(r"\bPIN\b")


def asks_for_secret(tree: LexborHTMLParser, text: str) -> bool:
    """Return whether a page that leads nowhere asks for a PIN, a password or a code, and for nothing else.

    Searches and the like in forms of their own do not count. Some pages have a field for each character. `text` is what
    the page shows, if that is little.
    """
    if tree.css_first(OF_A_NEW_LINK) is not None:
        return False
    asking = [fields for fields in _fields_by_form(tree) if len(fields) > 1 or not _is_for_other(fields[0])]
    if len(asking) != 1 or not _is_one_text(asking[0]):
        return False
    field = asking[0][0]
    named, shown = _name_words(field), _shown_name(field)
    if _POSTAL.search(f"{shown} {text}") is not None:
        return False
    if named & _SECRET_WORDS:
        return named <= _SECRET_WORDS | _NEUTRAL_WORDS
    said = _ABOUT_PASSWORDS.sub(" ", f"{shown} {text}")
    return _PIN.search(said) is not None or asked_for("secrets").search(said.lower()) is not None


def _fields_by_form(tree: LexborHTMLParser) -> Iterable[list[LexborNode]]:
    groups: dict[int, list[LexborNode]] = {}
    for field in filter(is_shown, tree.css(TYPED)):
        form = form_of(field)
        groups.setdefault(0 if form is None else form.mem_id, []).append(field)
    return groups.values()


def _is_one_text(fields: list[LexborNode]) -> bool:
    return len(fields) == 1 or all(field.attributes.get("maxlength") == "1" for field in fields)


def _is_for_other(field: LexborNode) -> bool:
    """Return whether a field is for a search, an address, a voucher or the like."""
    form = form_of(field)
    names = [form.attributes.get(name) or "" for name in _FORM_NAMES] if form is not None else []
    is_search = any(_SEARCH.search(name) for name in (_shown_name(field), *names))
    return is_search or not _OTHER_WORDS.isdisjoint(_name_words(field))


def _name_words(field: LexborNode) -> set[str]:
    names = f"{field.attributes.get('name') or ''} {field.attributes.get('id') or ''}"
    return {word.lower() for word in _WORD.findall(names)}


def _shown_name(field: LexborNode) -> str:
    return " ".join(field.attributes.get(name) or "" for name in _SHOWN_NAMES)
