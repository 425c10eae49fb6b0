"""What a head says to visitors without scripts stays inside its noscript elements."""

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
        ("<noscript><p></noscript><noscript><p></noscript>", "<noscript></noscript><noscript></noscript>"),
    ],
)
def test_in_the_head(page: str, contained: str) -> None:
    """Only meta elements remain, wherever the head's noscript elements end."""
    assert contain_noscript(page) == contained


@pytest.mark.parametrize("begin", ["<p>", "text", "<body>", "</head>", "<template>", "< "])
def test_in_the_body(begin: str) -> None:
    """A noscript element of the body stays as it is."""
    page = f"{begin}<noscript><img></noscript>"
    assert contain_noscript(page) == page
