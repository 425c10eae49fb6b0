"""What can be told of a page without running its scripts."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.egress import Response, parse_url
from linkskipper.resolver.pages.moves import PageMoves, page_moves
from linkskipper.resolver.pages.page import Page


def moves(html: str) -> PageMoves:
    headers = CIMultiDictProxy(CIMultiDict({"Content-Type": "text/html"}))
    page = Page(Response(parse_url("https://s.test/x"), 200, headers, html.encode(), "text/html", None))
    return page_moves(page, lambda _: False)


@pytest.mark.parametrize(("milliseconds", "unread"), [(10, "scripts"), (999, "scripts"), (1000, ""), (2500, "")])
def test_an_app_that_a_timer_opens(milliseconds: int, unread: str) -> None:
    """A timer that opens an app stops the page that is being opened, unless that page comes first."""
    timer = f"<script>setTimeout(function () {{ location = 'mailto:a@example.com' }}, {milliseconds})</script>"
    page = moves(f"{timer}<script>location = '/next'</script>")
    assert (page.unread, [url.text for url in page.candidates]) == (unread, [] if unread else ["/next"])


@pytest.mark.parametrize("event", ["onload", "onerror", "ONLOAD"])
def test_the_event_of_a_script_file(event: str) -> None:
    """The script of such an event may lead elsewhere, whatever host the file is on."""
    assert moves(f"<script src=//cdn.example/a.js {event}='location = x'></script>").unread == "scripts"
    assert moves(f"<script src=//cdn.example/a.js {event}='note()'></script>").unread == ""
    assert moves(f"<script {event}='location = x'></script>").unread == ""


def test_a_timer_and_a_later_base() -> None:
    """The URL of a timer may be resolved against a base that stands after it."""
    timer = "<script>setTimeout(function () {{ location = '{}' }}, 10)</script>"
    base = "<base href='//b.test/'>"
    assert moves(timer.format("next") + base).unread == "scripts"
    assert moves(timer.format("//d.example/") + "<base href='http://d.test/'>").unread == "scripts"
    assert moves(timer.format("https://d.example/") + base).unread == ""
    assert moves(base + timer.format("next")).unread == ""
