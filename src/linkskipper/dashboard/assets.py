"""The files that pages load. Their address has a hash of their content, so that browsers keep them."""

import gzip
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from linkskipper.dashboard.errors import not_found

FOLDER = Path(__file__).parent / "static"
PATH = "/dashboard/static/"
# htmx starts on its own between two scripts. In one file, no page is processed before its extensions are there.
SCRIPTS = ("vendor/htmx.min.js", "vendor/hx-csp.min.js", "vendor/hx-sse.min.js")
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
HASH_CHARACTERS = 12
CACHE = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}


class Assets:
    """The files in memory, each also compressed. `style` comes before the style sheet of the dashboard."""

    def __init__(self, style: str) -> None:
        files = {name: (FOLDER / name).read_bytes() for name in ("app.js", "icon.svg")}
        files["htmx.js"] = b"\n;".join((FOLDER / name).read_bytes() for name in SCRIPTS)
        files["app.css"] = f"{style}\n{(FOLDER / 'app.css').read_text(encoding='utf-8')}".encode()
        self._paths = {name: f"{_hash(content)}/{name}" for name, content in files.items()}
        self._files: Mapping[str, tuple[bytes, bytes, str]] = {
            self._paths[name]: (content, gzip.compress(content, mtime=0), TYPES[Path(name).suffix])
            for name, content in files.items()
        }

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return PATH + self._paths[name]

    def respond(self, request: Request) -> Response:
        """Return a file.

        Raises:
            PageError: 404.
        """
        entry = self._files.get(request.url.path.removeprefix(PATH))
        if entry is None or request.method not in {"GET", "HEAD"}:
            raise not_found("file")
        content, compressed, media_type = entry
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(compressed, headers={**CACHE, "content-encoding": "gzip"}, media_type=media_type)
        return Response(content, headers=CACHE, media_type=media_type)


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()[:HASH_CHARACTERS]
