"""Write requests as bytes (RFC 9112, section 3)."""

from collections.abc import Mapping

from linkskipper.egress.urls import Url

_FORBIDDEN = ("\r", "\n", "\0")


class RequestWriter:
    """Writes requests with default header fields, which the fields of a request replace by name."""

    def __init__(self, defaults: Mapping[str, str]) -> None:
        self._defaults = {name.lower(): _field(name, value) for name, value in defaults.items()}
        self._all_defaults = "".join(self._defaults.values())

    def write(self, url: Url, method: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        """Return a request's bytes.

        Raises:
            ValueError: A header field contains a line break or NUL.
        """
        host = f"[{url.host}]" if ":" in url.host else url.host
        authority = host if url.port == (443 if url.scheme == "https" else 80) else f"{host}:{url.port}"
        fields = self._fields(headers)
        length = "" if body is None else f"Content-Length: {len(body)}\r\n"
        text = f"{method} {_target(url)} HTTP/1.1\r\nHost: {authority}\r\n{fields}{length}\r\n"
        head = text.encode("utf-8", "surrogateescape")
        return head if body is None else head + body

    def sent_fields(self, url: Url, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the fields of a request as a recording shows them."""
        lines = ["Host: " + url.origin.partition("//")[2], *self._fields(headers).split("\r\n")]
        return dict(line.split(": ", 1) for line in lines if line)

    def _fields(self, headers: Mapping[str, str]) -> str:
        if not headers:
            return self._all_defaults
        own = {name.lower(): _field(name, value) for name, value in headers.items()}
        return "".join((self._defaults | own).values())


def _target(url: Url) -> str:
    """Return the path and query as written in the URL: `/?` and `/` are two targets."""
    end = len(url.href) - len(url.fragment) - 1 if "#" in url.href else len(url.href)
    return url.href[len(url.origin) : end]


def _field(name: str, value: str) -> str:
    if any(character in value or character in name for character in _FORBIDDEN):
        raise ValueError(f"the header {name!r} contains a line break or NUL")
    return f"{name}: {value}\r\n"
