"""Texts that people paste, and the links that are found in them."""

import hashlib
import time
from contextlib import suppress
from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.catalog import Catalog, DiscontinuedService, Provider
from linkskipper.resolver import Unsupported, parse_link, split_links
from support.shortener import Bench, provider

CATALOG = Catalog(
    [Provider.model_validate(provider("bit.ly")), Provider.model_validate(provider("*.sub.test"))],
    [DiscontinuedService(hosts=("dead.test",), label="Dead", closed=date(2020, 1, 31), reason="It closed.")],
)


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("https://bit.ly/abc", "https://bit.ly/abc"),
        ("  \n https://bit.ly/abc \t", "https://bit.ly/abc"),
        ("HTTP://BIT.LY/aBc", "http://bit.ly/aBc"),
        ("bit.ly/abc", "https://bit.ly/abc"),
        ("a.sub.test/x?y#z", "https://a.sub.test/x?y#z"),
        ("bit.ly:443/abc", "https://bit.ly/abc"),
        ("Look at https://bit.ly/abc!", "https://bit.ly/abc"),
        ("(see https://bit.ly/abc).", "https://bit.ly/abc"),
        ("https://bit.ly/a(b) and so on", "https://bit.ly/a(b)"),
        ("<https://bit.ly/abc>", "https://bit.ly/abc"),
        ("\u201chttps://bit.ly/abc\u201d", "https://bit.ly/abc"),
        ("https://bit.ly/abc https://bit.ly/abc", "https://bit.ly/abc"),
        ("https://bit.ly/abc_", "https://bit.ly/abc_"),
        ("https://bit.ly./abc", "https://bit.ly./abc"),
        # defanged, so that nobody clicks on it by mistake
        ("hxxps://bit[.]ly/abc", "https://bit.ly/abc"),
        ("hXXp://bit(.)ly/abc", "http://bit.ly/abc"),
        ("h**ps://bit{.}ly/abc", "https://bit.ly/abc"),
        ("hxxps[://]bit[dot]ly[/]abc", "https://bit.ly/abc"),
        ("https[:]//bit[.]ly/abc", "https://bit.ly/abc"),
        ("bit[.]ly/abc", "https://bit.ly/abc"),
        ("Do not open hxxp://bit[.]ly/abc, it is bad", "http://bit.ly/abc"),
        ("hxxps://bit.ly/a?u=hxxps://example[.]com", "https://bit.ly/a?u=https://example.com"),
        ("ttps://bit.ly/abc", "https://bit.ly/abc"),
        # full-width and invisible characters
        ("https\uff1a\uff0f\uff0fbit\uff0ely\uff0fabc", "https://bit.ly/abc"),
        ("\uff48\uff54\uff54\uff50\uff1a\uff0f\uff0fbit.ly\uff0f\uff21", "http://bit.ly/A"),
        ("https://bit\u3002ly/abc", "https://bit.ly/abc"),
        ("bit.ly\uff0fabc", "https://bit.ly/abc"),
        ("https://bit.ly/abc\u200b", "https://bit.ly/abc"),
        ("\ufeffhttps://bit\u200b.ly/a\u00adbc\u200d", "https://bit.ly/abc"),
        ("\u200ebit.ly/abc\u200f", "https://bit.ly/abc"),
        # a scheme twice
        ("https://https://bit.ly/abc", "https://bit.ly/abc"),
        ("http://https//bit.ly/abc", "https://bit.ly/abc"),
        ("https:http://bit.ly/abc", "http://bit.ly/abc"),
        ("https:bit.ly/abc", "https://bit.ly/abc"),
        ("https:////bit.ly/abc", "https://bit.ly/abc"),
        # from the source of a page
        ("https://bit.ly/abc?a=1&amp;b=2", "https://bit.ly/abc?a=1&b=2"),
        ("https://bit.ly/abc?a=1&#38;b=2&#x26;c", "https://bit.ly/abc?a=1&b=2&c"),
        ("https://bit.ly/abc?a=1&amp;amp;b=2", "https://bit.ly/abc?a=1&b=2"),
        ('<a href="https://bit.ly/abc?a&amp;b">x</a>', "https://bit.ly/abc?a&b"),
        ("<a href='https://bit.ly/abc'>x</a>", "https://bit.ly/abc"),
        ("&lt;https://bit.ly/abc&gt;", "https://bit.ly/abc"),
        # markup and quotes
        ("[a link](https://bit.ly/abc)", "https://bit.ly/abc"),
        ("[https://bit.ly/abc](https://bit.ly/abc)", "https://bit.ly/abc"),
        ("<https://bit.ly/abc|a link>", "https://bit.ly/abc"),
        ("**https://bit.ly/abc**", "https://bit.ly/abc"),
        ("`https://bit.ly/abc`", "https://bit.ly/abc"),
        ("|https://bit.ly/abc|x|", "https://bit.ly/abc"),
        ("'https://bit.ly/abc'", "https://bit.ly/abc"),
        ('"bit.ly/abc"', "https://bit.ly/abc"),
        ("__https://bit.ly/abc__", "https://bit.ly/abc"),
        ("_https://bit.ly/abc_", "https://bit.ly/abc"),
        ("~~https://bit.ly/abc~~", "https://bit.ly/abc"),
        ("_https://bit.ly/abc", "https://bit.ly/abc"),
        ("[url=https://bit.ly/abc]x[/url]", "https://bit.ly/abc"),
        ("[url]https://bit.ly/abc[/url]", "https://bit.ly/abc"),
        ("\u2039https://bit.ly/abc\u203a", "https://bit.ly/abc"),
        ("https://bit.ly/abc\u060c x", "https://bit.ly/abc"),
        ("https://bit.ly/abc\u061f", "https://bit.ly/abc"),
        ("https://bit.ly/abc\u0964", "https://bit.ly/abc"),
        ("\u770b\u8fd9\u4e2ahttps://bit.ly/abc\u5427", "https://bit.ly/abc"),
        # escaped as in JSON or in a query
        ('{"url":"https:\\/\\/bit.ly\\/abc?a=1\\u0026b=2"}', "https://bit.ly/abc?a=1&b=2"),
        ("url=https%3A%2F%2Fbit.ly%2Fabc&x=1", "https://bit.ly/abc"),
        ("https%253A%252F%252Fbit.ly%252Fabc", "https://bit.ly/abc"),
        ('https://bit.ly/abc"', "https://bit.ly/abc"),
        ("1,https://bit.ly/abc,2", "https://bit.ly/abc"),
        ('"https://bit.ly/abc","x"', "https://bit.ly/abc"),
        # prose of scripts that need no spaces
        ("\u8bf7\u770bhttps://bit.ly/abc\u3002\u8c22\u8c22", "https://bit.ly/abc"),
        ("\u3010https://bit.ly/abc\u3011", "https://bit.ly/abc"),
        ("https://bit.ly/abc\uff0c\u8bf7\u770b", "https://bit.ly/abc"),
        ("\uff08bit.ly/abc\uff09", "https://bit.ly/abc"),
        ("bit.ly/abc is a link", "https://bit.ly/abc"),
        ("bit.ly/a?https://example.com/", "https://bit.ly/a?https://example.com/"),
        ("HTTP: see https://bit.ly/abc", "https://bit.ly/abc"),
        # after any mark, without a scheme
        ("Link\uff1abit.ly/abc", "https://bit.ly/abc"),
        ("\u94fe\u63a5bit.ly/abc", "https://bit.ly/abc"),
        ("\u94fe\u63a5bit.ly/abc\u8c22\u8c22", "https://bit.ly/abc"),
        ("Link:bit.ly/abc", "https://bit.ly/abc"),
        ("\u2192bit.ly/abc", "https://bit.ly/abc"),
        ("url=bit.ly/abc", "https://bit.ly/abc"),
        ("_bit.ly/abc_", "https://bit.ly/abc"),
        ("see _bit.ly/abc_ there", "https://bit.ly/abc"),
        ("bit.ly/abc_", "https://bit.ly/abc_"),
        ("*bit.ly/abc*", "https://bit.ly/abc"),
        ("[url=bit.ly/abc]x[/url]", "https://bit.ly/abc"),
        ('<a href="//bit.ly/abc">x</a>', "https://bit.ly/abc"),
        ("//bit.ly/a?u=https%3A%2F%2Fb.test", "https://bit.ly/a?u=https%3A%2F%2Fb.test"),
        ("Link\uff1abit.ly/a?u=https%3A%2F%2Fb.test", "https://bit.ly/a?u=https%3A%2F%2Fb.test"),
        # a typing mistake in the scheme
        ("https//bit.ly/abc", "https://bit.ly/abc"),
        ("http;//bit.ly/abc", "http://bit.ly/abc"),
        ("https ://bit.ly/abc", "https://bit.ly/abc"),
    ],
)
def test_found(text: str, href: str) -> None:
    """White space, missing schemes, and prose with its punctuation do not hide a link."""
    link = parse_link(text, CATALOG)
    assert link.url.href == href
    assert link.key == hashlib.sha256(href.encode()).digest()


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("<http://bit.ly/abc|bit.ly/abc>", "http://bit.ly/abc"),  # Slack
        ("bit.ly/abc<http://bit.ly/abc>", "http://bit.ly/abc"),  # Outlook
        ("[bit.ly/abc](http://bit.ly/abc)", "http://bit.ly/abc"),
        ("[bit.ly/def](http://bit.ly/abc)", "http://bit.ly/abc"),
        ('[x](http://bit.ly/abc "bit.ly")', "http://bit.ly/abc"),
        ("[x](http://bit.ly/a_(b))", "http://bit.ly/a_(b)"),
        ("[x][1] [1]: <http://bit.ly/abc>", "http://bit.ly/abc"),
        ("(_http://bit.ly/abc_)", "http://bit.ly/abc"),
        ("_http://bit.ly/abc_, x", "http://bit.ly/abc"),
        ("||http://bit.ly/abc||", "http://bit.ly/abc"),
        ("[url='http://bit.ly/abc']x[/url]", "http://bit.ly/abc"),
        ("[url=http://bit.ly/abc]bit.ly/abc[/url]", "http://bit.ly/abc"),
        ("[http://bit.ly/abc x]", "http://bit.ly/abc"),  # MediaWiki
        ("[[http://bit.ly/abc|x]]", "http://bit.ly/abc"),
        ("[bit.ly/abc|http://bit.ly/abc]", "http://bit.ly/abc"),  # Jira
        ("[[http://bit.ly/abc][bit.ly/abc]]", "http://bit.ly/abc"),  # Org
        ('"bit.ly/abc":http://bit.ly/abc', "http://bit.ly/abc"),  # Textile
        ("`x <http://bit.ly/abc>`_", "http://bit.ly/abc"),  # reStructuredText
        ("x http://bit.ly/abc[x]", "http://bit.ly/abc"),  # AsciiDoc
        ("http://bit.ly/abc[x]", "http://bit.ly/abc[x]"),  # a text that is a URL
        ("x http://bit.ly/abc[1]", "http://bit.ly/abc[1]"),
        ("x link:http://bit.ly/abc?f[a]", "http://bit.ly/abc?f[a]"),
        ("x link:http://bit.ly/abc?f[a]=1", "http://bit.ly/abc?f[a]=1"),
        ("x link:http://bit.ly/abc?ids[]=5", "http://bit.ly/abc?ids[]=5"),
        ("[http://bit.ly/abc?q=a|b]", "http://bit.ly/abc?q=a|b"),
        ("a[0]=http://bit.ly/abc|d", "http://bit.ly/abc|d"),
        ("{{http://bit.ly/abc|x}}", "http://bit.ly/abc"),
        ("\u2794http://bit.ly/abc?q=a\u2192b", "http://bit.ly/abc?q=a%E2%86%92b"),
        ("\u94fe\u63a5\uff1ahttp://bit.ly/abc?q=C\u8a00\u8a9e", "http://bit.ly/abc?q=C%E8%A8%80%E8%AA%9E"),
        ("\u94fe\u63a5\uff1ahttp://bit.ly/wiki/C\u8a00\u8a9e", "http://bit.ly/wiki/C%E8%A8%80%E8%AA%9E"),
        ("1.5/5 or 12.05/2024: bit.ly/abc", "https://bit.ly/abc"),
        ("http://bit.ly/abc[two words]", "http://bit.ly/abc"),
        ("link:http://bit.ly/abc?a[0]=b[x]", "http://bit.ly/abc?a[0]=b"),
        ("http://bit.ly/abc?a[]", "http://bit.ly/abc?a[]"),
        ("\\href{http://bit.ly/abc}{bit.ly/abc}", "http://bit.ly/abc"),  # LaTeX
        ("\\url{http://bit.ly/a\\_b}", "http://bit.ly/a_b"),
        ('=HYPERLINK("http://bit.ly/abc";"bit.ly/abc")', "http://bit.ly/abc"),  # Excel
        ('{\\field{\\*\\fldinst HYPERLINK "http://bit.ly/abc"}{\\fldrslt bit.ly/abc}}', "http://bit.ly/abc"),  # RTF
        ("URL:http\\://bit.ly/abc", "http://bit.ly/abc"),  # iCalendar
        ("[InternetShortcut]\r\nURL=http://bit.ly/abc\r\n", "http://bit.ly/abc"),
        ("http://bit.ly/abc(see there)", "http://bit.ly/abc"),
        ("http://bit.ly/abc\\n", "http://bit.ly/abc"),
        ('\\"http://bit.ly/abc\\"', "http://bit.ly/abc"),
        ("http://bit.ly/abc\u2019", "http://bit.ly/abc"),
        ("DESCRIPTION:http://bit.ly/a\\,b\\, x", "http://bit.ly/a,b"),
        ("<link><![CDATA[http://bit.ly/abc?a&b]]></link>", "http://bit.ly/abc?a&b"),
        ("http://bit.ly/abc&nbsp;", "http://bit.ly/abc"),
        ("http://bit.ly/abc&#8203;", "http://bit.ly/abc"),
        # symbols and words around it, without spaces
        ("\U0001f449http://bit.ly/abc\U0001f448", "http://bit.ly/abc"),
        ("\u27a1\ufe0fhttp://bit.ly/abc\u2b05\ufe0f", "http://bit.ly/abc"),
        ("\uff62http://bit.ly/abc\uff63", "http://bit.ly/abc"),
        ("http://bit.ly/abc\uff5e", "http://bit.ly/abc"),
        ("\u3053\u3061\u3089\uff1ahttp://bit.ly/abc\u3067\u3059\u3002", "http://bit.ly/abc"),
        ("\u898bhttp://bit.ly/w/\u65e5\u672c", "http://bit.ly/w/%E6%97%A5%E6%9C%AC"),
        # quoted printable
        ('<a href=3D"http://bit.ly/abc?x=3D1">', "http://bit.ly/abc?x=1"),
        ("http://bit.ly/abc?x=3D=\r\n1", "http://bit.ly/abc?x=1"),
        (f"http://bit.ly/{'a' * 61}=\nb", f"http://bit.ly/{'a' * 61}b"),
        ("http://bit.ly/abc?u=3Dhttps%3A%2F%2Fb.test", "http://bit.ly/abc?u=https%3A%2F%2Fb.test"),
        ("http://bit.ly/abc?type=3D&a=3D", "http://bit.ly/abc?type=3D&a=3D"),
    ],
)
def test_markup(text: str, href: str) -> None:
    """A link in a markup is its address, with the scheme that is written there, and not the text that is shown."""
    assert parse_link(text, CATALOG).url.href == href
    assert split_links(text) == [text]


def test_a_property_list() -> None:
    """URLs that name the format of a document are not links."""
    text = """<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://apple.test/a.dtd">
    <plist xmlns="http://www.w3.org/1999/xhtml"><dict><key>URL</key><string>https://bit.ly/a?b&amp;c</string></dict>"""
    assert parse_link(text, CATALOG).url.href == "https://bit.ly/a?b&c"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://bit.ly/@1,2,https://bit.ly/b", "comma or semicolon"),
        ("https://bit.ly/a,https://bit.ly/@1,2", "comma or semicolon"),
        ("https://bit.ly/a;x;https://bit.ly/b", "comma or semicolon"),
        ("https://bit.ly/ab=\nc", "in the next line"),
        ("https://bit.ly/abc\U0001f448", "white space between"),
        ("bit.ly/abc\u2190", "white space between"),
        ("> https://bit.ly/ab=\r\n> c", "in the next line"),
    ],
)
def test_links_whose_end_is_unclear(text: str, said: str) -> None:
    """Such a link is refused with the reason. It is not cut to another one."""
    with pytest.raises(Unsupported, match=said):
        parse_link(text, CATALOG)
    assert split_links(text) == [text]


@pytest.mark.parametrize("mark", ["\u2026", "...", "[...]", "[\u2026]"])
@pytest.mark.parametrize("text", ["{}", "{} there", "({})", '"{}"', "[x]({})"])
def test_every_mark_of_a_link_that_was_cut_short(mark: str, text: str) -> None:
    """Each mark means that the rest is missing, wherever the link stands."""
    with pytest.raises(Unsupported, match="Send the whole link"):
        parse_link(text.format(f"https://bit.ly/ab{mark}"), CATALOG)


@pytest.mark.parametrize("text", ["https://bit.ly/ab\u2026", "See https://bit.ly/ab\u2026 there", "bit.ly/ab\u2026"])
def test_links_that_were_cut_short(text: str) -> None:
    """A link whose end is missing where it was copied from is not taken for another link."""
    with pytest.raises(Unsupported, match="Send the whole link"):
        parse_link(text, CATALOG)


SEPARATORS = [
    " ",
    "\u2014",
    "\u2022",
    "\u2192",
    "\U0001f449",
    "\u27a1\ufe0f",
    "\t",
    "\n",
    "\x0b",
    "\x0c",
    "\x1e",
    "\x85",
    "\u00a0",
    "\u2028",
    ",",
    "; ",
    "|",
    "\u3001",
    "<br>",
    '","',
    " and ",
]


@pytest.mark.parametrize("between", SEPARATORS)
def test_several_links(between: str) -> None:
    """Several links are told apart, whatever stands between them. Where one is expected, none of them is taken."""
    links = ["https://bit.ly/abc", "hxxps://bit[.]ly/def?a=b"]
    assert split_links(between.join(links)) == ["https://bit.ly/abc", "https://bit.ly/def?a=b"]
    with pytest.raises(Unsupported, match="several links"):
        parse_link(between.join(links), CATALOG)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ('["https://bit.ly/a","https:\\/\\/bit.ly\\/b"]', ["https://bit.ly/a", "https://bit.ly/b"]),
        ("https%3A%2F%2Fbit.ly%2Fa https%3A%2F%2Fbit.ly%2Fb", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("https://bit.ly/a https://bit.ly/b https://bit.ly/a", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("1. https://bit.ly/a 2. https://bit.ly/b", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("bit.ly/a or https://bit.ly/b, https://bit.ly/c", ["bit.ly/a or https://bit.ly/b", "https://bit.ly/c"]),
        ("[https://bit.ly/a](https://bit.ly/a)", ["[https://bit.ly/a](https://bit.ly/a)"]),
        ("https://bit.ly/a?u=https://b.test/", ["https://bit.ly/a?u=https://b.test/"]),
        ("https://https://bit.ly/a", ["https://https://bit.ly/a"]),
        ("See https://bit.ly/a.", ["See https://bit.ly/a."]),
        ("See https://bit.ly/a and https://bit.ly/b.", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("https://bit.ly/a. https://bit.ly/b!", ["https://bit.ly/a", "https://bit.ly/b"]),
        ('["https://bit.ly/a",\n  "https://bit.ly/b"\n]', ["https://bit.ly/a", "https://bit.ly/b"]),
        ("https:// https://bit.ly/a", ["https:// https://bit.ly/a"]),
        ("\uff1chttps://bit.ly/a\uff1e\uff1chttps://bit.ly/b\uff1e", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("(https://bit.ly/a, https://bit.ly/b)", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("https://bit.ly/a|x|https://bit.ly/b|y", ["https://bit.ly/a", "https://bit.ly/b"]),
        (";https://bit.ly/a;x;https://bit.ly/b;y", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("https://bit.ly/@1,2,3, https://bit.ly/b", ["https://bit.ly/@1,2,3", "https://bit.ly/b"]),
        ('["https://bit.ly/@1,2","https://bit.ly/b"]', ["https://bit.ly/@1,2", "https://bit.ly/b"]),
        ("https://bit.ly/a,https://bit.ly/b", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("b.test/x?u=https%3A%2F%2Fbit.ly%2Fa https://bit.ly/b", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("https://bit.ly/abchttps://bit.ly/def", ["https://bit.ly/abc", "https://bit.ly/def"]),
        ("https://bit.ly/a?u=%3Dhttps://b.test", ["https://bit.ly/a?u=%3Dhttps://b.test"]),
        ("https://bit.ly/a\\nhttps://bit.ly/b\\n", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("https://bit.ly/a?b=\nhttps://bit.ly/c", ["https://bit.ly/a?b=", "https://bit.ly/c"]),
        ("[https://bit.ly/a](https://bit.ly/b)", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("[url=https://bit.ly/a]https://bit.ly/b[/url]", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("1,https://bit.ly/a,x,https://bit.ly/b,y", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("https://bit.ly/a,b https://bit.ly/c;d", ["https://bit.ly/a,b", "https://bit.ly/c;d"]),
        ("https://bit.ly/a,b, https://bit.ly/c|d", ["https://bit.ly/a,b", "https://bit.ly/c|d"]),
        ("https://bit.ly/a HTTPS://BIT.LY/a https://bit.ly/b", ["https://bit.ly/a", "https://bit.ly/b"]),
        ("https://bit.ly/b https://bit.ly/a HTTPS://BIT.LY/b.", ["https://bit.ly/b", "https://bit.ly/a"]),
        ("", [""]),
    ],
)
def test_split(text: str, links: list[str]) -> None:
    """A text with several URLs is cut into them. A URL that belongs to another one stays there."""
    assert split_links(text) == links


@pytest.mark.parametrize(
    "text",
    [
        "bit.ly/abc and not https://bit.ly/def",
        "https://bit.ly/abc bit.ly/def",
        "bit.ly/abc,bit.ly/def",
        "bit.ly/abc bit.ly/def",
        "bit.ly/abc\nbit.ly/def",
        "bit[.]ly/abc bit[.]ly/def",
        "bit(dot)ly/abc bit.ly/def",
        "bit.ly/abc\u3001bit.ly/def",
        "\uff08bit.ly/abc\uff09\u300cbit.ly/def\u300d",
        '["bit.ly/abc",\n "bit.ly/def"]',
    ],
)
def test_several_links_of_which_some_lack_their_scheme(text: str) -> None:
    """A link without its scheme counts too."""
    with pytest.raises(Unsupported, match="several links"):
        parse_link(text, CATALOG)


@pytest.mark.parametrize(
    "text", ["see bit.ly/abc for more", "see: bit.ly/abc!", "it is at bit[.]ly/abc.", "https:// bit.ly/abc"]
)
def test_a_link_without_its_scheme_in_prose(text: str) -> None:
    """It is understood if the text has no other link, and no other word that could be one."""
    assert parse_link(text, CATALOG).url.href == "https://bit.ly/abc"
    with pytest.raises(Unsupported):
        parse_link(f"{text} or example.com/abc", CATALOG)


@pytest.mark.parametrize(
    "text",
    [
        "bit.ly/abc <https://bit.ly/abc>",
        '<a href="https://bit.ly/abc"> bit.ly/abc </a>',
        "https://bit.ly/abc https://bit.ly/abc.",
        "See https://bit.ly/abc, or HTTPS://BIT.LY/abc!",
        "bit.ly/abc and bit.ly/abc.",
        "(bit.ly/abc) BIT.LY/abc",
        "bit.ly/abc hxxps://bit[.]ly/abc",
        "https://bit.ly/abc|https://bit.ly:443/abc|x",
    ],
)
def test_one_link_in_several_spellings(text: str) -> None:
    """The same link twice is one link, whatever its spellings are."""
    assert parse_link(text, CATALOG).url.href == "https://bit.ly/abc"
    assert split_links(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "bit.ly/abc <https://bit.ly/abcd>",
        '<a href="https://bit.ly/abc"> bit.ly/def </a>',
        "bit.ly/abc http://bit.ly/abc https://bit.ly/abc",
        'bit.ly/abc"https://bit.ly/def"',
        "bit.ly/abc?u=https://b.test/ https://bit.ly/abc",
    ],
)
def test_similar_links(text: str) -> None:
    """Links that differ in anything that counts are several links."""
    with pytest.raises(Unsupported, match="several links"):
        parse_link(text, CATALOG)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no URL"),
        ("hello world", "no URL"),
        ("example.com/abc", "no URL"),
        ("https://", "no URL"),
        ('<html xmlns="http://www.w3.org/1999/xhtml">', "no URL"),
        ("https://bit.ly/", "page of A"),
        ("bit.ly", "page of A"),
        ("https://bit.ly", "page of A"),
        ("https://example.com/abc", "example.com is not a shortener"),
        ("https://xbit.ly/abc", "not a shortener"),
        ("https://sub.test/abc", "not a shortener"),
        ("https://example.com/?u=https://bit.ly/abc", "example.com is not"),
        ("https://dead.test/abc", "Dead closed on 31 January 2020: It closed."),
        ("dead.test/abc", "Dead closed"),
        ("ftp://bit.ly/abc", "ftp: links are not supported"),
        ("javascript:alert(1)", "javascript: links"),
        ("https://bit.ly\\abc", "a backslash"),
        ("https://user@bit.ly/abc", "user name"),
        ("https://bit.ly/a\x00b", "a control character"),
        ("https://bit.ly/\ud800", "not a URL"),
        ("https://127.0.0.1/abc", "not a shortener"),
        ("https://bit.ly:99999/abc", "not a URL"),
        ("https://bit.ly/caf\ufffd", "could not be read"),
        ("bit dot ly/abc", "no URL"),
        ("hxxps://example[.]com/abc", "example.com is not a shortener"),
        ("http", "no URL"),
    ],
)
def test_not_found(text: str, said: str) -> None:
    """Text that is not a link of a supported provider gets a message that says why."""
    with pytest.raises(Unsupported, match=said.replace("(", r"\(")):
        parse_link(text, CATALOG)


@pytest.mark.parametrize(
    "url",
    [
        "https://bit.ly/abc.",
        "https://bit.ly/abc!",
        "https://bit.ly/abc)",
        "https://bit.ly/a[.]b",
        "https://bit.ly/a(dot)b",
        "https://bit.ly/a?b=hxxp://c",
        "https://bit.ly/a?b=1&amp;c=2&d=3",
        "https://bit.ly/a?b=1&lt=2",
        "https://bit.ly/a,b;c|d",
        "https://bit.ly/a?u=https://b.test/",
        "https://bit.ly/a?u=http%3A%2F%2Fhttp://b.test/",
        "https://bit.ly/'a'*b~",
    ],
)
def test_kept(url: str) -> None:
    """A text that is a URL is that URL, with all of its punctuation."""
    assert parse_link(url, CATALOG).url.href == url


@pytest.mark.parametrize(
    "letters", ["\U0001f600", "\u2192\U0001f600", "\u0627\u200c\u0628", "\U0001f468\u200d\U0001f469", "\u4f60\u597d"]
)
def test_other_scripts_are_kept(letters: str) -> None:
    """Characters that join letters, and letters of all scripts, stay."""
    assert parse_link(f"https://bit.ly/{letters}", CATALOG).url.href == f"https://bit.ly/{quote(letters)}"


UNITS = [
    "http:",
    "https://",
    "h",
    "[.]",
    "[",
    "(.",
    ")",
    "&amp;",
    "&",
    "*",
    "\u3002",
    "<",
    "https\uff1a\uff0f\uff0f",
    "\u200b",
    "http//",
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("beginning", ["", "https://", "x https://", "hxxps://bit[.]ly/"])
def test_linear_time(beginning: str, unit: str) -> None:
    """A long text takes a time in proportion to its length, whatever it repeats."""
    text = beginning + unit * (200_000 // len(unit))
    begin = time.process_time()
    with suppress(Unsupported):
        parse_link(text, CATALOG)
    assert time.process_time() - begin < 1


@given(st.text(alphabet=st.sampled_from('htpsx:/[](){}.*dot&amp;<>"|,;\uff1a\uff0f\u3002\uff0c\u200b bit.ly')))
def test_any_defanged_text(text: str) -> None:
    """Any defanged text gives a link or is refused."""
    for pasted in (text, f"hxxps://bit[.]ly/{text}", f"{text} https://bit.ly/{text}"):
        with suppress(Unsupported):
            assert parse_link(pasted, CATALOG).provider.label == "A"


@given(st.text())
def test_any_text(text: str) -> None:
    """Any text gives a link or is refused."""
    for pasted in (text, f"https://bit.ly/{text}", f"{text} https://bit.ly/{text}"):
        with suppress(Unsupported):
            assert parse_link(pasted, CATALOG).provider.label == "A"


async def test_unsupported_text_resolves_to_invalid(bench: Bench) -> None:
    """The resolver returns the message of `parse_link`. It raises no error and sends nothing."""
    resolution = await bench.resolve("http://example.com/x")
    assert (resolution.status, resolution.reason) == ("invalid", "unsupported_link")
    assert (resolution.provider, resolution.tier, resolution.cost, resolution.hops) == (None, None, 0, ())


@pytest.mark.parametrize(
    "text",
    [
        "Link\uff1abit.ly/abc \u548c bit.ly/xyz",
        "\u94fe\u63a5bit.ly/abc \u548c bit.ly/xyz",
        "old:bit.ly/abc\nnew: bit.ly/xyz",
        "old \u2192bit.ly/abc, new bit.ly/xyz",
        "\u201cbit.ly/abc\u201d bit.ly/xyz",
        "*bit.ly/abc* or bit.ly/xyz",
        "\u201cbit.ly/abc\u201d https://bit.ly/xyz",
    ],
)
def test_links_after_any_mark_count(text: str) -> None:
    """A text with two links is refused, whatever stands before each of them."""
    with pytest.raises(Unsupported, match="several links"):
        parse_link(text, Catalog.load())
