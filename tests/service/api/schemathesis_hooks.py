"""Values that schemathesis cannot know from the schema: links that lead somewhere, and public addresses."""

from typing import Any, TypeGuard
from urllib.parse import quote

import schemathesis

from linkskipper.api.body import MAX_URL_CHARACTERS


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:  # noqa: ARG001
    """Put every other URL into a link of the lab, and use a public address for each webhook. Keep wrong values."""
    if not isinstance(case.body, dict):
        return
    if _is_url_text(case.body.get("webhook_url")):
        case.body["webhook_url"] = "https://example.com/hook"
    url = case.body.get("url")
    if _is_url_text(url) and len(url) % 2 == 0:
        case.body["url"] = f"https://bulk.lab.test/{quote(url[:100])}"


def _is_url_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 1 <= len(value) <= MAX_URL_CHARACTERS and "\0" not in value
