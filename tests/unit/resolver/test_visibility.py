"""What a page shows, and what its markup hides."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from linkskipper.resolver.pages.visibility import is_shown, remove_hidden

HIDDEN = [
    "<div hidden>{}</div>",
    "<div style='display:none'>{}</div>",
    "<div style='color: red; DISPLAY : none !important'>{}</div>",
    "<div style='visibility: hidden'>{}</div>",
    "<dialog>{}</dialog>",
    "<div class='a d-none'>{}</div>",
    "<div class='modal fade'>{}</div>",
    "<div class=hidden><p>{}</p></div>",
    "<div class='hidden md:text-lg md:hidden'>{}</div>",
    "<div class='d-none d-md-none'>{}</div>",
    "<div class='hidden hover:block'>{}</div>",
    "<div class='invisible md:flex'>{}</div>",
]
SHOWN = [
    "<div class='not-hidden hiddenish'>{}</div>",
    "<div style='display: block'>{}</div>",
    "<dialog open>{}</dialog>",
    "<div class='modal fade show'>{}</div>",
    "<div class=modal style='display: block'>{}</div>",
    "<body style='display: none' class=hidden>{}</body>",
    "<div aria-hidden=false>{}</div>",
    "<p hidden></p>{}",
    "<div class='hidden md:flex'>{}</div>",
    "<div class='hidden dark:lg:inline-flex'>{}</div>",
    "<div class='d-none d-md-block'>{}</div>",
    "<div class='d-none d-xl-inline-block'>{}</div>",
]


@pytest.mark.parametrize("html", [*HIDDEN, *SHOWN])
def test_elements(html: str) -> None:
    """An element is hidden by an attribute, a style or a class, of its own or of one around it."""
    tree = LexborHTMLParser(html.format("<h1>Link expired</h1>"))
    (heading,) = tree.css("h1")
    assert is_shown(heading) == (html in SHOWN)
    remove_hidden(tree)
    assert (tree.css_first("h1") is not None) == (html in SHOWN)


def test_what_scripts_hide() -> None:
    """Texts for visitors without scripts and the titles of pictures are not headings of the page."""
    tree = LexborHTMLParser("<body><noscript><h1>a</h1></noscript><svg><title>b</title></svg><h1>c</h1>")
    assert [element.text() for element in tree.css("h1, title") if is_shown(element)] == ["c"]


def test_nested_elements() -> None:
    """Hidden elements inside each other are removed once."""
    tree = LexborHTMLParser("<div hidden><p class=hidden><b hidden>a</b></p></div><p>b")
    remove_hidden(tree)
    assert tree.body is not None
    assert tree.body.text() == "b"
