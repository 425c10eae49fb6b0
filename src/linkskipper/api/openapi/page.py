"""The reference page."""

from typing import Any


def render(document: dict[str, Any]) -> str:
    """The OpenAPI document as a page for people."""
    return str(document)
