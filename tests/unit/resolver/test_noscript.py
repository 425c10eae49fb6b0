"""What a page says to visitors without scripts stays inside its noscript elements."""

import pytest

from linkskipper.resolver.pages.noscript import contain_noscript

META = "<meta http-equiv=refresh content='0;url=/a'>"


@pytest.mark.parametrize(
    ("page", "contained"),
    [
        (f"<head><noscript><img>{META}<script>1</script></noscript><p>", f"<head><noscript>{META}</noscript><p>"),
        (f"<NOSCRIPT>text{META}</NoScript >", f"<NOSCRIPT>{META}</NoScript >"),
        ("<!-- <p> --><title><p></title><noscript><p>", "<!-- <p> --><title><p></title><noscript>"),
        ("<script>'<noscript>'</script><noscript><p>", "<script>'<noscript>'</script><noscript>"),
        (
            "<p>1 < 2<noscript><p></noscript><noscript><p></noscript>",
            "<p>1 < 2<noscript></noscript><noscript></noscript>",
        ),
        ("<svg/><noscript><p></noscript>", "<svg/><noscript></noscript>"),
        ("<svg><g></svg><noscript><p></noscript>", "<svg><g></svg><noscript></noscript>"),
        ("<svg><div><noscript><p></noscript>", "<svg><div><noscript></noscript>"),
    ],
)
def test_noscript(page: str, contained: str) -> None:
    """Only meta elements remain, up to the first end tag."""
    assert contain_noscript(page) == contained


@pytest.mark.parametrize(
    "page",
    [
        "<svg><noscript><g></noscript></svg>",
        "<!-- <noscript><p></noscript> -->",
        "<textarea><noscript><p></noscript></textarea>",
        "<meta content='<noscript><p></noscript>'>",
        "</noscript><p>",
        "<plaintext><noscript><p></noscript>",
    ],
)
def test_other_texts(page: str) -> None:
    """Drawings have other elements of that name. Comments, texts and attributes have none."""
    assert contain_noscript(page) == page
