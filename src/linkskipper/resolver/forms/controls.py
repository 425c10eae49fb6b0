"""The controls of a form: their types, and which form owns each of them (HTML standard, "form-associated elements")."""

from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

CONTROLS = ("button", "input", "select", "textarea")
BUTTONS = frozenset({"submit", "image", "reset", "button"})
_SUBMITTERS = frozenset({"submit", "image"})
_TABLE_PARTS = frozenset({"table", "tbody", "thead", "tfoot", "tr"})

ABSENT = "\0"
"""A default that tells an attribute that is missing from one without a value."""


def control_type(control: LexborNode) -> str:
    """Return the type of a control in lower case: its type attribute, or the default."""
    tag = control.tag or ""
    if tag not in {"input", "button"}:
        return tag
    stated = (control.attributes.get("type") or "").lower()
    if tag == "button":
        return stated if stated in {"reset", "button"} else "submit"
    return stated or "text"


def is_submitter(control: LexborNode) -> bool:
    """Return whether a click on the control sends its form."""
    return control.tag in {"input", "button"} and control_type(control) in _SUBMITTERS


def controls_of(form: LexborNode, tree: LexborHTMLParser) -> list[LexborNode]:
    """Return the controls that a form owns, in tree order."""
    controls = tree.css(", ".join(CONTROLS))
    inside = {control.mem_id for control in form.css(", ".join(CONTROLS))} or _controls_after_empty_form(form, tree)
    form_id = form.attributes.get("id")

    def is_owned(control: LexborNode) -> bool:
        named = control.attributes.get("form", ABSENT)
        return control.mem_id in inside if named is ABSENT else bool(named) and named == form_id

    return [control for control in controls if is_owned(control)]


def form_owners(tree: LexborHTMLParser) -> dict[int, LexborNode]:
    """Return the form that owns each control, by the control's mem_id. Controls without a form are left out."""
    forms = tree.css("form")[::-1]  # of several forms with one id, the first one counts
    by_id = {form_id: form for form in forms if (form_id := form.attributes.get("id"))}
    inside = {control.mem_id: form for form in forms for control in form.css(", ".join(CONTROLS))}
    filled = {form.mem_id for form in inside.values()}
    owned: dict[int, LexborNode | None] = {}
    empty_form: LexborNode | None = None
    for node in tree.css(", ".join(("form", *CONTROLS))):
        named = node.attributes.get("form", ABSENT)
        if node.tag == "form":
            empty_form = node if node.mem_id not in filled and _is_between_cells(node) else None
        elif named is ABSENT:
            owned[node.mem_id] = inside.get(node.mem_id, empty_form)
        else:
            owned[node.mem_id] = by_id.get(named or "")
    return {control: form for control, form in owned.items() if form is not None}


def disabled_controls(tree: LexborHTMLParser) -> set[int]:
    """Return the mem_ids of disabled controls.

    A control is disabled by itself or by a fieldset around it. The first legend of the fieldset is exempt.
    """
    own = {control.mem_id for control in tree.css(", ".join(f"{tag}[disabled]" for tag in CONTROLS))}
    in_fieldset = controls_within(tree, "fieldset[disabled]")
    return own | (in_fieldset - controls_within(tree, "fieldset[disabled] > legend:first-of-type"))


def controls_within(tree: LexborHTMLParser, ancestor: str) -> set[int]:
    """Return the mem_ids of the controls inside the elements that a selector matches."""
    return {control.mem_id for control in tree.css(", ".join(f"{ancestor} {tag}" for tag in CONTROLS))}


def checked_radios(controls: Iterable[LexborNode]) -> dict[str, int]:
    """Return the mem_id of the checked radio button of each group: the last one, which unchecks the others."""
    return {
        control.attributes.get("name") or "": control.mem_id
        for control in controls
        if control_type(control) == "radio" and "checked" in control.attributes and control.attributes.get("name")
    }


def _controls_after_empty_form(form: LexborNode, tree: LexborHTMLParser) -> set[int]:
    """Return the controls of a form that starts between the cells of a table.

    The parser leaves such a form empty, but it owns the controls that follow up to the next form.
    """
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
