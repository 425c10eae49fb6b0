"""The table of refused addresses (docs/explanation/egress-guard.md, "Addresses")."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.egress import Refused, deny_reason, parse_url
from support.clients import Clients
from support.safety_table import DENIED_V4, DENIED_V6, LITERALS, PUBLIC, edges


@pytest.mark.parametrize("address", DENIED_V4 + DENIED_V6)
def test_the_table_denies(address: str) -> None:
    """No address of the list is public."""
    assert deny_reason(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_table_allows(address: str) -> None:
    """The neighbours of the denied ranges, and ordinary addresses, are public."""
    assert deny_reason(address) is None


@pytest.mark.parametrize(("address", "public"), edges())
def test_ranges_end_where_they_end(address: str, public: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The first and last address of each range are denied. Their outside neighbours are public or in the next range."""
    assert (deny_reason(address) is None) == public


@given(st.ip_addresses())
def test_what_is_allowed_is_global_to_python_too(address: IPv4Address | IPv6Address) -> None:
    """The table allows nothing that the standard library's own table denies."""
    assert address.is_global or deny_reason(str(address))


@pytest.mark.parametrize("text", ["fe80::1%eth0", "2606:4700::1%1", "", "localhost", "127.1", "1.2.3.4.", " 8.8.8.8"])
def test_what_is_no_plain_address_is_denied(text: str) -> None:
    """Scope ids and texts that are not one address in its usual form are refused."""
    assert deny_reason(text)


@pytest.mark.parametrize("address", LITERALS)
async def test_a_literal_address_is_refused_at_connect(clients: Clients, address: str) -> None:
    """Literal addresses, which need no lookup, are refused when the socket would be opened."""
    egress = await clients.make()
    for scheme in ("http", "https"):
        with pytest.raises(Refused) as refused:
            await egress.fetch(parse_url(f"{scheme}://{address}/"))
        assert refused.value.address


async def test_a_refusal_names_the_range(clients: Clients) -> None:
    """The operator's log can say which rule refused."""
    egress = await clients.make()
    with pytest.raises(Refused) as refused:
        await egress.fetch(parse_url("http://169.254.169.254/latest/meta-data/"))
    assert (refused.value.host, refused.value.address) == ("169.254.169.254", "169.254.169.254")
    assert "169.254.0.0/16" in refused.value.reason
