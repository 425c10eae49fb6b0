"""URLs are read as the web-platform-tests say. The data and its licence are in the folder wpt."""

import json
from pathlib import Path
from typing import Any

import pytest

from linkskipper.egress import BadUrl, ForeignScheme, HasCredentials, Url, read_url

DATA = Path(__file__).parent / "wpt" / "urltestdata.json"
OTHERWISE = {
    "foo://host/ !\"$%&'()*+,-./:;<=>@[\\]^_`{|}~": "the standard of today escapes ^ in paths",
    "wss://host/ !\"$%&'()*+,-./:;<=>@[\\]^_`{|}~": "the standard of today escapes ^ in paths",
    **dict.fromkeys(("http://foo.09..", "http://../", "http://./"), "no DNS has such a name"),
    "file://xn--/p": "the host of a file: URL leads nowhere",
    **dict.fromkeys(
        (
            *("http://a.b.c.xn--pokxncvks", "http://10.0.0.xn--pokxncvks", "http://a.b.c.XN--pokxncvks"),
            *("http://a.b.c.Xn--pokxncvks", "http://10.0.0.XN--pokxncvks", "http://10.0.0.xN--pokxncvks"),
        ),
        "the parser does not decode broken Punycode, and no DNS has such a name",
    ),
}
"""Inputs that are read otherwise, and why that is right or does not matter."""


def read_cases() -> list[dict[str, Any]]:
    """The cases that are absolute or relative to a page. The strings are comments."""
    cases = [case for case in json.loads(DATA.read_text()) if isinstance(case, dict)]
    return [case for case in cases if is_page(base_of(case))]


def is_page(base: str | None) -> bool:
    """Whether a base is a page, or none is needed. No page that is requested has a user name in its URL."""
    return base is None or (base.startswith(("http:", "https:")) and "@" not in base)


def base_of(case: dict[str, Any]) -> str | None:
    """The base of a case, or None where it makes no difference."""
    base: str | None = case.get("base")
    return None if base == "about:blank" and not case["input"].startswith("#") else base


def read(text: str, base: str | None) -> str | None:
    """The canonical form of a URL, or None if it is not one."""
    try:
        parsed_base: Url | None = read_url(base) if base else None
        return read_url(text, parsed_base).href
    except (ForeignScheme, HasCredentials) as told:
        return told.href
    except BadUrl:
        return None


@pytest.mark.parametrize("case", [case for case in read_cases() if case["input"] not in OTHERWISE])
def test_reads_as_browsers_do(case: dict[str, Any]) -> None:
    """Each text becomes the URL that browsers open, or is not a URL."""
    assert read(case["input"], base_of(case)) == case.get("href")


def test_the_exceptions_are_needed() -> None:
    """Every text that is left out is read otherwise, and most of the data is used."""
    left_out = [case for case in read_cases() if case["input"] in OTHERWISE]
    assert {case["input"] for case in left_out} == set(OTHERWISE)
    assert all(read(case["input"], base_of(case)) != case.get("href") for case in left_out)
    assert len(read_cases()) > 500
