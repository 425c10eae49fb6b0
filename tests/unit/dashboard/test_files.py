"""The files that pages load, and how they show text."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import linkskipper.dashboard
from linkskipper.dashboard.visible import url_view, visible
from support.hostile import HOSTILE, HOSTILE_URLS
from tools.vendor import FOLDER, digest, packages

DASHBOARD = Path(linkskipper.dashboard.__file__).parent
MAX_SCRIPT_BYTES = 12_000


def test_vendored_files_are_those_of_the_list() -> None:
    """Each file has the checksum of vendor.toml, each package has its licence, and nothing else is there."""
    known = {"vendor.toml"}
    for package in packages():
        known |= {package["licence_file"], *package["files"]}
        assert (FOLDER / package["licence_file"]).read_text()
        for file, origin in package["files"].items():
            assert digest((FOLDER / file).read_bytes(), "sha384") == origin["sha384"]
    assert {file.name for file in FOLDER.iterdir()} == known


def test_script_is_small_and_writes_no_markup() -> None:
    """Our own script has at most 12 kB, and uses nothing that parses markup or code."""
    script = (DASHBOARD / "static" / "app.js").read_text()
    assert len(script.encode()) <= MAX_SCRIPT_BYTES
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert word not in script


@pytest.mark.parametrize("file", sorted((DASHBOARD / "templates").glob("*.html")), ids=lambda file: file.name)
def test_templates_hold_no_scripts_and_no_styles(file: Path) -> None:
    """No template has styles, handlers or scripts of its own, or turns off escaping. Each use of htmx has the nonce."""
    text = file.read_text()
    for word in (' style="', "<style", " onclick", " onload", "|safe", "hx-on", "autoescape false"):
        assert word not in text
    for tag in text.split("<")[1:]:
        head = tag.partition(">")[0]
        if " hx-" in head:
            assert 'hx-nonce="{{ nonce }}"' in head
        if head.startswith("script"):
            assert 'nonce="{{ nonce }}"' in head


@given(st.text())
def test_visible_text_has_nothing_hidden(text: str) -> None:
    """Every character of the result prints, also in a text from outside, and printing it again changes nothing."""
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_visible(text: str) -> None:
    """Attacks by characters that cannot be seen can be seen."""
    assert visible(text).isprintable()


@pytest.mark.parametrize("text", HOSTILE_URLS)
def test_urls_that_must_not_open(text: str) -> None:
    """Only http and https URLs without a user name can be opened, and they show the host as browsers read it."""
    view = url_view(text)
    if view.href is None:
        assert (view.domain, view.before) == ("", "")
    else:
        assert view.href.startswith("https://")
        assert (view.before + view.domain).isascii()
    assert view.text.isprintable()


@pytest.mark.parametrize(
    ("text", "before", "domain", "after"),
    [
        ("https://google.com.evil.example/a", "google.com.", "evil.example", "/a"),
        ("https://www.example.co.uk/", "www.", "example.co.uk", "/"),
        ("https://EXAMPLE.com", "", "example.com", "/"),
        ("http://127.0.0.1:81/x", "", "127.0.0.1", ":81/x"),
        ("http://[::1]/x", "", "[::1]", "/x"),
        ("https://example.com.example.com/", "example.com.", "example.com", "/"),
    ],
)
def test_domain_is_what_was_registered(text: str, before: str, domain: str, after: str) -> None:
    """The part of the host that somebody registered stands out."""
    view = url_view(text)
    assert (view.before, view.domain, view.after) == (before, domain, after)


def test_reading_of_an_international_host() -> None:
    """A host in other scripts shows its ASCII form, and how it reads."""
    view = url_view("https://bücher.example/")
    assert (view.domain, view.reading) == ("xn--bcher-kva.example", "bücher.example")
