"""The head of a response: status line and header fields (RFC 9112, sections 2 to 4).

Servers send more than the RFC allows, and browsers accept it. So does this parser: it skips lines that are not a
field, allows white space before the colon, lines that end with one character, a missing status and a broken
Content-Length, and joins folded lines. A head with any of these is not regular, and its connection serves no other
request.
"""

import re
from enum import Enum, auto

import msgspec
from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.egress.errors import HeadersTooLarge, Unreachable

MAX_FIELD_BYTES = 16 * 1024
MAX_FIELDS = 128

_END = re.compile(rb"(\n)\r?\n")
_LINE_END = re.compile(rb"\r\n|[\r\n]")
# Like Chromium, take a status line without a status for 200.
_STATUS = re.compile(rb"(?i:HTTP)/(?P<version>[^ ]*)(?: ++(?:(?P<status>[0-9]{3})(?![0-9])|(?![0-9])).*)?")
_HTTP_1_1 = re.compile(rb"1\.[1-9]")
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# Nearly all heads: ASCII, without faults. They are read in one pass.
_REGULAR_HEAD = re.compile(
    rb"HTTP/(1\.[01]) ([0-9]{3})(?: [^\0\r\n\x80-\xff]*+)?\r\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[^\0\r\n\x80-\xff]*+\r\n)*+)"
)
_REGULAR_FIELD = re.compile(r"([^:]++):[ \t]*+([^\r]*+)\r\n")
_LENGTH = re.compile(r"[0-9]{1,18}")
_WITHOUT_BODY = frozenset({204, 304})
_HTTP_1_0 = "HTTP/1.0"


class Framing(Enum):
    """How the end of a body is found."""

    LENGTH = auto()
    CHUNKED = auto()
    CLOSE = auto()


class Head(msgspec.Struct, frozen=True, gc=False):
    """A parsed head. `length` is in bytes, and 0 unless the framing is LENGTH.

    `keep_alive` is whether the connection may serve another request after the body.
    """

    version: str
    status: int
    headers: CIMultiDictProxy[str]
    framing: Framing
    length: int
    keep_alive: bool

    @property
    def is_interim(self) -> bool:
        """Whether another head follows (1xx)."""
        return _is_interim(self.status)


def split_head(buffer: bytearray, searched: int = 0) -> bytes | None:
    """Cut the first head out of the buffer. Return None if it is not complete.

    `searched` is the number of bytes that an earlier call has searched in vain.
    """
    if (end := _END.search(buffer, max(searched - 2, 0))) is None:
        return None
    head = bytes(buffer[: end.end(1)])
    del buffer[: end.end()]
    return head


def parse_head(block: bytes, *, method: str, limit: int) -> Head:
    """Parse a head, without the empty line at its end. `limit` is in bytes over all names and values.

    Raises:
        Unreachable: This is not HTTP/1, or the length of its body cannot be known.
        HeadersTooLarge: One field, their number or all of them together are over a limit.
    """
    head = _parse_regular_head(block, method) if len(block) <= min(limit, MAX_FIELD_BYTES) else None
    return head or _parse_odd_head(block, method, limit)


def _parse_regular_head(block: bytes, method: str) -> Head | None:
    """Parse a head that has no fault. Return None for any other. Each field may be as long as the block."""
    if (match := _REGULAR_HEAD.fullmatch(block)) is None:
        return None
    version, status, lines = match.groups()
    text = lines.decode("ascii")
    fields = _REGULAR_FIELD.findall(text)
    if len(fields) > MAX_FIELDS:
        return None
    if " \r" in text or "\t\r" in text:
        fields = [(name, value.rstrip(" \t")) for name, value in fields]
    return _head(fields, "HTTP/" + version.decode("ascii"), int(status), method)


def _parse_odd_head(block: bytes, method: str, limit: int) -> Head:
    (first, *lines), is_regular = split_lines(block.lstrip(b"\r\n"))
    match = _STATUS.fullmatch(first)
    if match is None or b"\0" in block:
        raise Unreachable("the server sent malformed HTTP: the status line is malformed, or a byte is zero")
    fields, has_regular_fields = parse_fields(lines, limit)
    version = "HTTP/1.1" if _HTTP_1_1.fullmatch(match["version"]) else _HTTP_1_0
    status = int(match["status"] or 200)
    return _head(fields, version, status, method, is_regular=is_regular and has_regular_fields)


def _head(
    fields: CIMultiDict[str] | list[tuple[str, str]], version: str, status: int, method: str, *, is_regular: bool = True
) -> Head:
    headers = CIMultiDictProxy(CIMultiDict(fields))
    framing, length, is_framed = _framing(headers, status, method)
    is_regular = is_regular and is_framed
    keep_alive = is_regular and framing is not Framing.CLOSE and _keeps_alive(headers, version)
    return Head(version, status, headers, framing, length, keep_alive)


def split_lines(block: bytes) -> tuple[list[bytes], bool]:
    """Return the lines of a head, and whether each ends with a carriage return and a line feed."""
    ends = block.count(b"\r\n")
    if block.count(b"\n") == ends == block.count(b"\r"):
        return block.split(b"\r\n"), True
    return _LINE_END.split(block), False


def parse_fields(lines: list[bytes], limit: int) -> tuple[CIMultiDict[str], bool]:
    """Parse the lines after the first, without their ends. Return the fields, and whether all lines are regular.

    Raises:
        HeadersTooLarge: One field, their number or all of them together are over a limit.
    """
    fields: list[tuple[str, str]] = []
    is_regular, size = True, 0
    if len(lines) > MAX_FIELDS + 1:
        raise HeadersTooLarge("the headers are over their limit")
    for line in lines:
        size += len(line)
        if len(line) > MAX_FIELD_BYTES or size > limit:
            raise HeadersTooLarge("the headers are over their limit")
        if line[:1] in (b" ", b"\t"):
            _fold(fields, line)
            is_regular = False
            continue
        name, colon, value = line.partition(b":")
        if not colon or _TOKEN.fullmatch(name) is None:
            is_regular = is_regular and not line
            name = name.rstrip()
            if not colon or _TOKEN.fullmatch(name) is None:
                continue
        fields.append((_text(name), _text(value.strip(b" \t"))))
    return CIMultiDict(fields), is_regular


def _fold(fields: list[tuple[str, str]], line: bytes) -> None:
    """Join a folded line to the field before it (RFC 9112, section 5.2)."""
    if not fields:
        return
    name, value = fields[-1]
    if len(value) + len(line) > MAX_FIELD_BYTES:
        raise HeadersTooLarge("a folded header is over its limit")
    fields[-1] = (name, f"{value} {_text(line.strip())}".strip(" \t"))


def _text(raw: bytes) -> str:
    return raw.decode("ascii") if raw.isascii() else raw.decode("utf-8", "surrogateescape")


def _framing(headers: CIMultiDictProxy[str], status: int, method: str) -> tuple[Framing, int, bool]:
    """Return the framing, the length, and whether both are regular (RFC 9112, section 6.3)."""
    if method == "HEAD" or status in _WITHOUT_BODY or _is_interim(status):
        return Framing.LENGTH, 0, True
    lengths = headers.getall("Content-Length", ())
    if "Transfer-Encoding" in headers:
        codings = ",".join(headers.getall("Transfer-Encoding")).lower().replace(" ", "").split(",")
        if codings[-1] == "chunked":
            return Framing.CHUNKED, 0, codings == ["chunked"] and not lengths
        return Framing.CLOSE, 0, False
    if not lengths:
        return Framing.CLOSE, 0, True
    length, *others = lengths
    if others or not _LENGTH.fullmatch(length):
        length, *others = {value.strip() for field in lengths for value in field.split(",")}
    if others:
        raise Unreachable("the server sent malformed HTTP: two lengths of the body differ")
    if not _LENGTH.fullmatch(length):
        return Framing.CLOSE, 0, False
    return Framing.LENGTH, int(length), len(lengths) == 1 and lengths[0] == length


def _keeps_alive(headers: CIMultiDictProxy[str], version: str) -> bool:
    options = ",".join(headers.getall("Connection", ())).lower()
    return "keep-alive" in options if version == _HTTP_1_0 else "close" not in options


def _is_interim(status: int) -> bool:
    return 100 <= status < 200  # noqa: PLR2004 - RFC 9110, section 15.2
