"""The data that the controls of a form send (HTML standard, "constructing the entry list")."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkskipper.resolver.forms.controls import (
    ABSENT,
    BUTTONS,
    checked_radios,
    control_type,
    controls_within,
    disabled_controls,
)

_NEVER_REQUIRED = BUTTONS | {"hidden", "range", "color"}
_WITH_DIRECTION = frozenset(
    {"hidden", "text", "search", "tel", "url", "email", "password", "submit", "reset", "button", "textarea"}
)
_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NEW_LINES = re.compile(r"[\r\n]")


class FormEntry(NamedTuple):
    """A name and its value. `is_file` marks a file control, which never holds a file here."""

    name: str
    value: str
    is_file: bool = False


def form_entries(
    controls: Sequence[LexborNode], tree: LexborHTMLParser, submitter: LexborNode | None, charset: str
) -> Iterator[FormEntry]:
    """Yield what the controls send when the submitter is clicked. A `_charset_` field sends `charset`."""
    skipped = disabled_controls(tree) | controls_within(tree, "datalist")
    if submitter is not None:
        skipped.discard(submitter.mem_id)
    radios = checked_radios(controls)
    for control in controls:
        is_clicked = submitter is not None and control.mem_id == submitter.mem_id
        if control.mem_id not in skipped and (is_clicked or control_type(control) not in BUTTONS):
            yield from _entries_of(control, radios, charset)


def lacks_required_input(controls: Sequence[LexborNode], tree: LexborHTMLParser) -> bool:
    """Return whether a required field is empty, so that no browser would send the form."""
    barred, radios = disabled_controls(tree) | controls_within(tree, "datalist"), checked_radios(controls)
    for control in controls:
        attributes = control.attributes
        kind = control_type(control)
        if "required" not in attributes or "readonly" in attributes or control.mem_id in barred:
            continue
        if kind in _NEVER_REQUIRED:
            continue
        if kind == "radio":
            if (attributes.get("name") or "") not in radios:
                return True
        elif not any(entry.value for entry in _entries_of(control, radios, "", unnamed="?")):
            return True
    return False


def _entries_of(control: LexborNode, radios: dict[str, int], charset: str, unnamed: str = "") -> Iterator[FormEntry]:
    kind, attributes = control_type(control), control.attributes
    name = attributes.get("name") or unnamed
    if kind == "image":
        prefix = f"{name}." if name else ""
        yield from (FormEntry(f"{prefix}{axis}", "0") for axis in "xy")
    elif name:
        yield from (FormEntry(name, value, kind == "file") for value in _values(control, kind, radios, charset))
        if (direction := attributes.get("dirname")) and kind in _WITH_DIRECTION:
            yield FormEntry(direction, _direction(control))


def _values(control: LexborNode, kind: str, radios: dict[str, int], charset: str) -> Iterator[str]:
    attributes = control.attributes
    name = attributes.get("name") or ""
    if kind == "select":
        yield from _selected_values(control)
    elif kind == "textarea":
        yield control.text()
    elif kind in {"checkbox", "radio"}:
        if "checked" in attributes and (kind == "checkbox" or radios.get(name, control.mem_id) == control.mem_id):
            yield attributes.get("value", "on") or ""
    elif kind == "hidden" and name.lower() == "_charset_":
        yield charset
    else:
        yield "" if kind == "file" else _sanitised(kind, attributes.get("value") or "")


def _sanitised(kind: str, value: str) -> str:
    """Apply the "value sanitization algorithm" of the HTML standard."""
    match kind:
        case "text" | "search" | "tel" | "password":
            return _NEW_LINES.sub("", value)
        case "url" | "email":
            return _NEW_LINES.sub("", value).strip(" \t\f")
        case "number":
            return value if _NUMBER.fullmatch(value) else ""
        case "range":
            return value if _NUMBER.fullmatch(value) else "50"
        case "color":
            return value.lower() if _COLOUR.fullmatch(value) else "#000000"
    return value


def _selected_values(select: LexborNode) -> Iterator[str]:
    options = select.css("option")
    disabled = {option.mem_id for option in select.css("option[disabled], optgroup[disabled] > option")}
    selected = [option for option in options if "selected" in option.attributes]
    if "multiple" not in select.attributes:
        enabled = [option for option in options if option.mem_id not in disabled]
        size = select.attributes.get("size") or "1"
        selected = selected[-1:] or (enabled[:1] if size in {"0", "1"} else [])
    yield from (_option_value(option) for option in selected if option.mem_id not in disabled)


def _option_value(option: LexborNode) -> str:
    value = option.attributes.get("value", ABSENT)
    return " ".join(option.text().split()) if value is ABSENT else value or ""


def _direction(control: LexborNode) -> str:
    node: LexborNode | None = control
    while node is not None:
        stated = (node.attributes.get("dir") or "").lower() if node.is_element_node else ""
        if stated in {"ltr", "rtl"}:
            return stated
        node = node.parent
    return "ltr"
