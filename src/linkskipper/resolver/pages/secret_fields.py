"""Recognise a page that asks for the PIN, the password or the code of a link in its only field."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkskipper.resolver.pages.asked import asked_for
from linkskipper.resolver.pages.gates import OF_A_NEW_LINK

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
    """Return whether a page that leads nowhere asks for a PIN, a password or a code, in its only field.

    Some pages have a field for each character. `text` is what the page shows, if that is little.
    """
    fields = tree.css(TYPED)
    has_cells = len(fields) > 1 and all(field.attributes.get("maxlength") == "1" for field in fields)
    if not (len(fields) == 1 or has_cells) or tree.css_first(OF_A_NEW_LINK) is not None:
        return False
    field = fields[0]
    named = _words_of(field.attributes.get("name")) | _words_of(field.attributes.get("id"))
    shown = " ".join(field.attributes.get(name) or "" for name in _SHOWN_NAMES)
    if named & _OTHER_WORDS or _is_search(field, shown) or _POSTAL.search(f"{shown} {text}") is not None:
        return False
    if named & _SECRET_WORDS:
        return named <= _SECRET_WORDS | _NEUTRAL_WORDS
    said = _ABOUT_PASSWORDS.sub(" ", f"{shown} {text}")
    return _PIN.search(said) is not None or asked_for("secrets").search(said.lower()) is not None


def _words_of(name: str | None) -> set[str]:
    return {word.lower() for word in _WORD.findall(name or "")}


def _is_search(field: LexborNode, shown: str) -> bool:
    parent = field.parent
    while parent is not None and parent.tag != "form":
        parent = parent.parent
    names = [parent.attributes.get(name) or "" for name in _FORM_NAMES] if parent is not None else []
    return any(_SEARCH.search(name) for name in (shown, *names))
