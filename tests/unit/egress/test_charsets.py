"""Charsets: what bytes mean in them, and what they make of characters."""

import time

import pytest
import webencodings
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.egress.charset_detection import detect_charset
from linkskipper.egress.charsets import UTF8, Charset

LABELS = sorted({webencodings.lookup(label).name for label in webencodings.LABELS} - {"x-user-defined"})
PIECES = [
    *(b"<", b">", b"/", b"</", b"=", b"'", b'"', b" ", b";", b"a", b"\0", b"\xff", b"<!", b"<!--", b"-->", b"--"),
    *(b"<meta", b"<meta ", b"charset", b"charset=", b"utf-16", b"koi8-r", b"http-equiv=", b"content-type", b"content="),
    *(
        b"<title",
        b"<title>",
        b"</title",
        b"</title>",
        b"<script>",
        b"<form",
        b"<?xml",
        b" encoding=",
        b'encoding="x"',
        b"<\0?\0x\0",
    ),
]


def charset(label: str) -> Charset:
    """The charset that a label must have."""
    found = Charset.from_label(label)
    assert found is not None
    return found


@pytest.mark.parametrize("label", [None, "no-such-thing", "zlib", "rot13", "utf-7", "utf-32", ""])
def test_labels_without_a_charset(label: str | None) -> None:
    """A label that browsers do not know leaves the page as UTF-8."""
    assert detect_charset("ü".encode(), label, is_xml=False) == UTF8


@given(st.sampled_from(LABELS), st.binary(max_size=200))
def test_any_bytes_are_decoded(label: str, data: bytes) -> None:
    """Every charset reads any bytes."""
    assert isinstance(charset(label).decode(data), str)


@given(st.sampled_from(LABELS), st.text(st.characters(), max_size=50))
def test_any_text_is_encoded(label: str, text: str) -> None:
    """Every charset writes any text, lone surrogates included."""
    output = charset(label).for_output()
    assert isinstance(output.encode(text), bytes)
    assert output.encode_query(text).isascii()


@pytest.mark.parametrize("label", ["windows-1250", "windows-1251", "windows-1252", "windows-1254", "windows-1258"])
def test_bytes_survive(label: str) -> None:
    """A query whose bytes are of another charset keeps them."""
    every = bytes(range(0x80, 0x100))
    known = bytes(byte for byte in every if charset(label).decode(bytes([byte])) != "\ufffd")
    assert len(known) >= 126
    assert charset(label).encode(charset(label).decode(known)) == known


@pytest.mark.parametrize(
    ("label", "text", "query"),
    [
        ("windows-1251", "т é", "%F2%20%26%23233%3B"),
        ("windows-1252", "\ud800", "%26%2365533%3B"),
        ("koi8-r", "\x81", "%26%23129%3B"),
        ("gbk", "€😀", "%80%26%23128512%3B"),
        ("gb18030", "😀", "%949%FC6"),
        ("utf-8", "'\"#<>\x7f", "%27%22%23%3C%3E%7F"),
    ],
)
def test_queries(label: str, text: str, query: str) -> None:
    """What a charset lacks becomes a reference, and what ends a query is escaped."""
    assert charset(label).encode_query(text) == query


def test_attacks_in_odd_charsets() -> None:
    """Charsets that hide markup from filters hold no text."""
    assert charset("hz-gb-2312").decode(b"~{<script>") == "\ufffd"
    assert charset("iso-2022-kr").for_output() == UTF8


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5), st.lists(st.sampled_from(PIECES), max_size=4))
def test_detection_takes_linear_time(pieces: list[bytes], start: list[bytes]) -> None:
    """Detection reads any markup, and a page of 32 times the length takes nowhere near the square of that."""
    piece, before = b"".join(pieces), b"".join(start)
    begin = time.process_time()
    detect_charset(before + piece * (64 * 1024 // len(piece)), None, is_xml=False)
    assert time.process_time() - begin < 0.5  # linear patterns take 15 ms, quadratic ones over 2 s


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'<?xml version="1.0" encoding="koi8-r"?>', "KOI8-R"),
        (b"<?xml encoding = 'koi8-r'>", "KOI8-R"),
        (b'<?xml version="1.0"><a encoding="koi8-r">', "UTF-8"),
        (b'<?xml encoding="koi8-r"', "UTF-8"),
        (b'<?xml encoding="koi8-r>"?>', "UTF-8"),
        (b"<?xml " + b'encoding="x"' * 150_000, "UTF-8"),
    ],
)
def test_xml_declarations(body: bytes, name: str) -> None:
    """The declaration ends at the first ">". Without one there is no declaration, however often it names a charset."""
    begin = time.process_time()
    assert detect_charset(body, None, is_xml=True).name == name
    assert time.process_time() - begin < 0.5


@pytest.mark.parametrize("label", LABELS)
def test_characters_that_a_charset_lacks_take_linear_time(label: str) -> None:
    """A long run of them is encoded as each of them is, and in a moment."""
    encoding, text = charset(label).for_output(), "\U0001f600\u0601\x81\u20ac\ud800"
    begin = time.process_time()
    encoding.encode("\U0001f600" * 40_000)
    assert time.process_time() - begin < 0.8  # quadratic codecs take 3 s
    if label != "iso-2022-jp":  # it has states
        assert encoding.encode(text * 10) == b"".join(map(encoding.encode, text)) * 10
    assert encoding.encode_query(text * 10) == "".join(map(encoding.encode_query, text)) * 10
