"""What a form's controls send: the HTML standard's "constructing the entry list"."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

CONTROLS = ("button", "input", "select", "textarea")
_BUTTONS = frozenset({"submit", "image", "reset", "button"})
_SUBMITTERS = frozenset({"submit", "image"})
_NEVER_REQUIRED = _BUTTONS | {"hidden", "range", "color"}
_TABLE_PARTS = frozenset({"table", "tbody", "thead", "tfoot", "tr"})
_WITH_DIRECTION = frozenset(
    {"hidden", "text", "search", "tel", "url", "email", "password", "submit", "reset", "button", "textarea"}
)
_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NEW_LINES = re.compile(r"[\r\n]")


class FormEntry(NamedTuple):
    """A name and its value; `is_file` marks a file control, which never holds a file here."""

    name: str
    value: str
    is_file: bool = False


def control_type(control: LexborNode) -> str:
    """The type of a control, in lower case: that of its attribute, or else its default."""
    tag = control.tag or ""
    if tag not in {"input", "button"}:
        return tag
    stated = (control.attributes.get("type") or "").lower()
    if tag == "button":
        return stated if stated in {"reset", "button"} else "submit"
    return stated or "text"


def is_submitter(control: LexborNode) -> bool:
    """Whether a click on it sends its form."""
    return control.tag in {"input", "button"} and control_type(control) in _SUBMITTERS


def controls_of(form: LexborNode, tree: LexborHTMLParser) -> list[LexborNode]:
    """The controls whose form owner this is, in tree order."""
    everything = tree.css(", ".join(CONTROLS))
    inside = {control.mem_id for control in form.css(", ".join(CONTROLS))} or _left_behind(form, tree)
    id_ = form.attributes.get("id")

    def is_owned(control: LexborNode) -> bool:
        named = control.attributes.get("form", _UNSAID)
        return control.mem_id in inside if named is _UNSAID else bool(named) and named == id_

    return [control for control in everything if is_owned(control)]


def owners(tree: LexborHTMLParser) -> dict[int, LexborNode]:
    """The form of each control that has one; by the control's mem_id."""
    forms = tree.css("form")[::-1]  # the first form of an id is the one that is meant
    by_id = {id_: form for form in forms if (id_ := form.attributes.get("id"))}
    inside = {control.mem_id: form for form in forms for control in form.css(", ".join(CONTROLS))}
    filled = {form.mem_id for form in inside.values()}
    owned: dict[int, LexborNode | None] = {}
    left_behind: LexborNode | None = None
    for node in tree.css(", ".join(("form", *CONTROLS))):
        named = node.attributes.get("form", _UNSAID)
        if node.tag == "form":
            left_behind = node if node.mem_id not in filled and _is_between_cells(node) else None
        elif named is _UNSAID:
            owned[node.mem_id] = inside.get(node.mem_id, left_behind)
        else:
            owned[node.mem_id] = by_id.get(named or "")
    return {control: form for control, form in owned.items() if form is not None}


_UNSAID = "\0"


def disabled_controls(tree: LexborHTMLParser) -> set[int]:
    """Those that are disabled themselves or by a fieldset around them, whose first legend is spared; by mem_id."""
    own = {control.mem_id for control in tree.css(", ".join(f"{tag}[disabled]" for tag in CONTROLS))}
    return own | (_within(tree, "fieldset[disabled]") - _within(tree, "fieldset[disabled] > legend:first-of-type"))


def entries(
    controls: Sequence[LexborNode], tree: LexborHTMLParser, submitter: LexborNode | None, charset: str
) -> Iterator[FormEntry]:
    """What the controls send when the submitter is clicked; `charset` is what a `_charset_` field is told."""
    skipped = disabled_controls(tree) | _within(tree, "datalist")
    if submitter is not None:
        skipped.discard(submitter.mem_id)
    radios = _checked_radios(controls)
    for control in controls:
        is_clicked = submitter is not None and control.mem_id == submitter.mem_id
        if control.mem_id not in skipped and (is_clicked or control_type(control) not in _BUTTONS):
            yield from _entries_of(control, radios, charset)


def wants_input(controls: Sequence[LexborNode], tree: LexborHTMLParser) -> bool:
    """Whether a field that must be filled in is empty, so that no browser would send the form."""
    barred, radios = disabled_controls(tree) | _within(tree, "datalist"), _checked_radios(controls)
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
    if kind == "select":
        yield from _selected(control)
    elif kind == "textarea":
        yield control.text()
    elif kind in {"checkbox", "radio"}:
        name = attributes.get("name") or ""
        if "checked" in attributes and (kind == "checkbox" or radios.get(name, control.mem_id) == control.mem_id):
            yield attributes.get("value", "on") or ""
    elif kind == "hidden" and name_is_charset(attributes.get("name")):
        yield charset
    else:
        yield "" if kind == "file" else _sanitised(kind, attributes.get("value") or "")


def name_is_charset(name: str | None) -> bool:
    """Whether a hidden field of this name is told the form's encoding."""
    return (name or "").lower() == "_charset_"


def _sanitised(kind: str, value: str) -> str:
    """HTML standard, "value sanitization algorithm", for the types that pages send unedited."""
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


def _selected(select: LexborNode) -> Iterator[str]:
    options = select.css("option")
    off = {option.mem_id for option in select.css("option[disabled], optgroup[disabled] > option")}
    chosen = [option for option in options if "selected" in option.attributes]
    if "multiple" not in select.attributes:
        enabled = [option for option in options if option.mem_id not in off]
        shown = select.attributes.get("size") or "1"
        chosen = chosen[-1:] or (enabled[:1] if shown in {"0", "1"} else [])
    yield from (_option_value(option) for option in chosen if option.mem_id not in off)


def _option_value(option: LexborNode) -> str:
    value = option.attributes.get("value", _UNSAID)
    return " ".join(option.text().split()) if value is _UNSAID else value or ""


def _checked_radios(controls: Sequence[LexborNode]) -> dict[str, int]:
    """The last one checked of each group: checking one unchecks the others."""
    return {
        control.attributes.get("name") or "": control.mem_id
        for control in controls
        if control_type(control) == "radio" and "checked" in control.attributes and control.attributes.get("name")
    }


def _within(tree: LexborHTMLParser, ancestor: str) -> set[int]:
    return {control.mem_id for control in tree.css(", ".join(f"{ancestor} {tag}" for tag in CONTROLS))}


def _left_behind(form: LexborNode, tree: LexborHTMLParser) -> set[int]:
    """A form that starts between a table's cells stays empty, yet owns what follows up to the next form."""
    if not _is_between_cells(form):
        return set()
    following: set[int] = set()
    is_after = False
    for node in tree.css(", ".join(("form", *CONTROLS))):
        if node.tag == "form":
            if is_after:
                break
            is_after = node.mem_id == form.mem_id
        elif is_after:
            following.add(node.mem_id)
    return following


def _is_between_cells(form: LexborNode) -> bool:
    return form.parent is not None and form.parent.tag in _TABLE_PARTS


def _direction(control: LexborNode) -> str:
    node: LexborNode | None = control
    while node is not None:
        stated = (node.attributes.get("dir") or "").lower() if node.is_element_node else ""
        if stated in {"ltr", "rtl"}:
            return stated
        node = node.parent
    return "ltr"
