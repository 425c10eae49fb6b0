"""Tell which scripts of a page run, and what its Content-Security-Policy forbids."""

import re

from selectolax.lexbor import LexborNode

from linkskipper.resolver.pages.page import SCRIPT_TYPES, Page

_POLICIES = ("script-src", "default-src", "sandbox")
_SANDBOX = re.compile(r"(?:\A|[;,])\s*+sandbox(?=[\s;,]|\Z)(?![^;,]*\ballow-scripts\b)", re.IGNORECASE)
_ONLOAD = frozenset({"onload", "onload()"})


def policies(page: Page) -> list[str]:
    """Return the policies of the response."""
    return page.response.headers.getall("Content-Security-Policy", [])


def forbids_moves(page: Page) -> bool:
    """Return whether the page is in a sandbox in which neither scripts nor refreshes work (HTML, "sandboxing")."""
    return any(map(_SANDBOX.search, policies(page)))


def restricts_scripts(policy: str) -> bool:
    """Return whether a policy may forbid scripts."""
    return any(name in policy.lower() for name in _POLICIES)


def restricts_base(policy: str) -> bool:
    """Return whether a policy may forbid base elements."""
    return "base-uri" in policy.lower()


def runs(element: LexborNode) -> bool:
    """Return whether a script element is run (HTML standard, "prepare the script element")."""
    kind, language = element.attributes.get("type"), element.attributes.get("language")
    if "nomodule" in element.attributes:
        return False
    window, event = element.attributes.get("for"), element.attributes.get("event")
    if window is not None and event is not None:
        return window.strip().lower() == "window" and event.strip().lower() in _ONLOAD
    if kind is None and language:
        kind = f"text/{language}"
    return (kind or "").strip().lower() in SCRIPT_TYPES


def is_deferred(element: LexborNode) -> bool:
    """Return whether a script element runs only after the page is read."""
    is_module = (element.attributes.get("type") or "").strip().lower() == "module"
    return is_module or ("src" in element.attributes and not {"async", "defer"}.isdisjoint(element.attributes))


def unclosed_script(page: Page) -> int | None:
    """Return the id of a script element without an end, which is not run."""
    if page.tree is None:
        return None
    lowered = page.text.lower()
    if lowered.rfind("<script") <= lowered.rfind("</script"):
        return None
    scripts = page.tree.css("script")
    code = scripts[-1].text() if scripts else ""
    return scripts[-1].mem_id if code and page.text.replace("\r\n", "\n").endswith(code) else None
