"""HTML pages that need no script and nothing from elsewhere."""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from linkskipper.api.responses import ApiResponse, Header, text_response

FOLDER = Path(__file__).parent
LAYOUT = Template((FOLDER / "layout.html").read_text(encoding="utf-8"))
STYLE = (FOLDER / "style.css").read_text(encoding="utf-8")
STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{STYLE_HASH}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
POLICY = (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())
NO_REFERRER = (b"referrer-policy", b"no-referrer")
CODE = re.compile(r"``?([^`]+)``?")


def html_page(title: str, body: str, *, wide: bool = False, headers: Iterable[Header] = ()) -> ApiResponse:
    """Return a page. `body` is HTML."""
    html = LAYOUT.substitute(title=escape(title), style=STYLE, frame="frame wide" if wide else "frame", body=body)
    return text_response(html, content_type="text/html; charset=utf-8", policy=POLICY, headers=(NO_REFERRER, *headers))


def html_text(text: str) -> str:
    """Return plain text with `code` in it as HTML."""
    return CODE.sub(r"<code>\1</code>", escape(text))
