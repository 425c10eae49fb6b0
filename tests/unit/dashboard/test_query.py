"""What the dashboard says about the parameters of its pages."""

import msgspec
import pytest

from linkskipper.dashboard.errors import PageError
from linkskipper.dashboard.pages import PAGES
from linkskipper.dashboard.query import read_query

FIELDS = sorted(
    {
        (page.query_type, field.encode_name)
        for page in PAGES
        for field in msgspec.structs.fields(page.query_type)
        if field.type not in {str, str | None}  # any text
    },
    key=str,
)


@pytest.mark.parametrize(("query_type", "name"), FIELDS, ids=lambda value: getattr(value, "__name__", value))
def test_wrong_values_are_explained(query_type: type[msgspec.Struct], name: str) -> None:
    """The page about a wrong value of any parameter says what the value may be."""
    with pytest.raises(PageError, match=r"It (may be|is a|is an|has at most) \S+"):
        read_query(f"{name}={'?' * 5000}".encode(), query_type)


@pytest.mark.parametrize(("query_type", "name"), FIELDS, ids=lambda value: getattr(value, "__name__", value))
def test_named_values_are_allowed(query_type: type[msgspec.Struct], name: str) -> None:
    """Each value that the page names is accepted."""
    with pytest.raises(PageError) as refused:
        read_query(f"{name}={'?' * 5000}".encode(), query_type)
    _, _, named = refused.value.detail.partition("It may be ")
    for value in named.removesuffix(".").split(", "):
        assert value in {"", getattr(read_query(f"{name}={value}".encode(), query_type), name)}
