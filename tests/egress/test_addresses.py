"""The table of safety.md, "Addresses"."""

import pytest

from egress.clients import Clients
from linkskipper.egress import Refused, canonical, refusal

DENIED_V4 = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "198.19.255.255",
    "192.88.99.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.175.48.1",
    "240.0.0.1",
    "224.0.0.1",
    "239.255.255.255",
    "255.255.255.255",
]
DENIED_V6 = [
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:0.0.0.0",
    "::127.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a00:1::",
    "2001:0:a00:1::",
    "2001:4860::5efe:10.0.0.1",
    "2001:4860::200:5efe:10.0.0.1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "100::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "2620:4f:8000::1",
]
PUBLIC = [
    "172.32.0.1",
    "172.15.255.255",
    "100.63.255.255",
    "100.128.0.1",
    "8.8.8.8",
    "1.1.1.1",
    "168.63.129.15",
    "168.63.129.17",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("address", DENIED_V4 + DENIED_V6)
def test_the_table_denies(address: str) -> None:
    """No address of the list is public."""
    assert refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_table_allows(address: str) -> None:
    """The neighbours of the denied ranges, and ordinary addresses, are public."""
    assert refusal(address) is None


@pytest.mark.parametrize("text", ["fe80::1%eth0", "2606:4700::1%1", "", "localhost", "127.1", "1.2.3.4.", " 8.8.8.8"])
def test_what_is_no_plain_address_is_denied(text: str) -> None:
    """Scope ids and anything that is not one address in its usual form are refused, not guessed at."""
    assert refusal(text)


@pytest.mark.parametrize("address", DENIED_V4 + [f"[{address}]" for address in DENIED_V6])
async def test_a_literal_address_is_refused_at_connect(clients: Clients, address: str) -> None:
    """Literal addresses, which never meet a resolver, are refused when the socket would be opened."""
    egress = await clients.make()
    for scheme in ("http", "https"):
        with pytest.raises(Refused) as refused:
            await egress.fetch(canonical(f"{scheme}://{address}/"))
        assert refused.value.address


async def test_a_refusal_names_the_range(clients: Clients) -> None:
    """The operator's log can say which rule refused."""
    egress = await clients.make()
    with pytest.raises(Refused) as refused:
        await egress.fetch(canonical("http://169.254.169.254/latest/meta-data/"))
    assert (refused.value.host, refused.value.address) == ("169.254.169.254", "169.254.169.254")
    assert "169.254.0.0/16" in refused.value.reason
