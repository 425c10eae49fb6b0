"""HTML pages that need no script and nothing from elsewhere."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse

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
HEADERS = {"content-security-policy": CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer"}
CODE = re.compile(r"``?([^`]+)``?")


def html_page(title: str, body: str, *, wide: bool = False) -> HTMLResponse:
    """Return a page as an ASGI application. `body` is HTML."""
    html = LAYOUT.substitute(title=escape(title), style=STYLE, frame="frame wide" if wide else "frame", body=body)
    return HTMLResponse(html, headers=HEADERS)


def html_text(text: str) -> str:
    """Return plain text with `code` in it as HTML."""
    return CODE.sub(r"<code>\1</code>", escape(text))
