"""The servers that a URL names."""

import pytest

from linkskipper.database.connect import list_servers


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("postgresql://u:p@a:1,b:2/db?target_session_attrs=read-write", [("a", 1), ("b", 2)]),
        ("postgresql://u@a,b:2/db", [("a", 5432), ("b", 2)]),
        ("postgresql://[::1]:7,[::2]/db", [("::1", 7), ("::2", 5432)]),
        ("postgresql://u@/db?host=/a,/b&port=1,2", [("/a", 1), ("/b", 2)]),
        ("postgresql://u@/db?host=/a,/b", [("/a", 5432), ("/b", 5432)]),
        ("postgresql://a/db", [("a", 5432)]),
        ("postgresql:///db", [("", 5432)]),
    ],
)
def test_servers_of_a_url(url: str, servers: list[tuple[str, int]]) -> None:
    """Hosts stand before the path or in the query, with one port each or with the usual one."""
    assert list_servers(url) == servers
