"""What the operator opens and shuts: single addresses, ranges, names, a deny-list, and one more authority."""

import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from linkskipper.egress import Client, Policy, Refused, parse_url
from linkskipper.egress.http1.pool import ConnectionPool
from linkskipper.errors import SettingsError
from support.fake_dns import FakeDns
from support.wire import Wire

pytestmark = pytest.mark.attack


def policy(*allow: str, deny: tuple[str, ...] = (), host_map: tuple[str, ...] = (), ca: Path | None = None) -> Policy:
    return Policy.parse(ports=["80", "443"], allow=allow, deny=deny, host_map=host_map, extra_ca=ca)


PROTECTED = [
    *(
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
    ),
    *("192.0.0.192", "::1", "::", "fe80::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1"),
    *("::ffff:0:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
    *("2001:db8::5efe:7f00:1", "2001:db8::200:5efe:a9fe:a9fe", "2001::1"),
    *("64:ff9b:1:7f00:0:100::", "64:ff9b:1:7f:0:1::", "64:ff9b:1:0:7f:0:100:0"),
]
OPENED = [
    *("10.1.2.3", "192.168.1.1", "100.64.0.1", "fd00::1", "64:ff9b::a01:203", "::ffff:10.1.2.3"),
    "64:ff9b:1::a01:203",
]
DENIED_IN_ALL_SPELLINGS = [
    *("10.1.2.3", "::ffff:10.1.2.3", "::10.1.2.3", "::ffff:0:10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::1"),
    *("64:ff9b:1::10.1.2.3", "64:ff9b:1:a01:2:300::", "64:ff9b:1:a:1:203::", "64:ff9b:1:0:a:102:300:0"),
    "2001:db8::5efe:10.1.2.3",
]


@pytest.mark.parametrize("address", PROTECTED)
def test_a_range_leaves_protected_addresses_shut(address: str) -> None:
    """Loopback and metadata services in every spelling stay shut, however wide the range."""
    for ranges in (("0.0.0.0/0", "::/0"), ("127.0.0.0/8", "169.254.0.0/16", "::/64", "fe80::/10", "2000::/3")):
        assert policy(*ranges).deny_reason(address, 80) is not None


@pytest.mark.parametrize("address", OPENED)
def test_a_range_opens_the_others(address: str) -> None:
    """Private addresses are open where a range contains them."""
    assert policy("0.0.0.0/0", "::/0").deny_reason(address, 80) is None


@pytest.mark.parametrize("address", PROTECTED)
def test_a_single_address_opens_itself(address: str) -> None:
    """An operator who names exactly this address gets it, and no other."""
    exact = policy(address.removeprefix("::ffff:") if address.startswith("::ffff:127") else address)
    if not address.startswith("::ffff:a9"):  # read as the IPv4 address that it contains
        assert exact.deny_reason(address, 80) is None
    assert exact.deny_reason("127.0.0.2", 80) is not None


async def test_the_deny_list_goes_before_holes(wire: Wire, dns: FakeDns) -> None:
    """Neither a single address nor a mapping opens what the deny-list names, for names, literals and mapped names."""
    dns.set("named.test", ["127.0.0.1"])
    shut = policy(
        f"127.0.0.1:{wire.port}",
        deny=("127.0.0.0/8",),
        host_map=(f"mapped.test:80=127.0.0.1:{wire.port}",),
    )
    async with Client(shut, user_agent="T", nameservers=[f"127.0.0.1:{dns.port}"]) as client:
        for url in (f"http://named.test:{wire.port}/", f"http://127.0.0.1:{wire.port}/", "http://mapped.test/"):
            with pytest.raises(Refused, match="deny-list"):
                await client.fetch(parse_url(url))
    assert wire.connections == 0


def test_the_deny_list_shuts_public_addresses() -> None:
    """An operator can shut the public address that a router gives to the machine."""
    shut = policy(deny=("198.41.0.4", "2001:503:ba3e::/48"))
    assert shut.deny_reason("198.41.0.4", 443) is not None
    assert shut.deny_reason("198.41.0.5", 443) is None
    assert shut.deny_reason("2001:503:ba3e::2:30", 443) is not None
    with pytest.raises(SettingsError, match="is not an address or CIDR"):
        policy(deny=("198.41.0.4:80",))


@pytest.mark.parametrize("address", DENIED_IN_ALL_SPELLINGS)
@pytest.mark.parametrize("deny", ["10.1.2.3", "10.1.2.0/24", "::ffff:10.1.2.3", "::ffff:10.1.2.0/120"])
def test_the_deny_list_shuts_every_spelling(deny: str, address: str) -> None:
    """An IPv6 address from which a router makes a denied IPv4 address is shut, and so is a mapped one in the list."""
    for allow in (("0.0.0.0/0", "::/0"), (address,)):
        assert "deny-list" in (policy(*allow, deny=(deny,)).deny_reason(address, 80) or "")
        assert "deny-list" not in (policy(*allow, deny=("10.9.9.9",)).deny_reason(address, 80) or "")


OWN = """
import fcntl, socket, struct, sys
from linkskipper.egress import Policy
def interface(name, address):
    packed = struct.pack("16sH2s4s8x", name, socket.AF_INET, b"", socket.inet_aton(address))
    fcntl.ioctl(socket.socket(), 0x8916, packed)  # SIOCSIFADDR
    mask = struct.pack("16sH2s4s8x", name, socket.AF_INET, b"", socket.inet_aton("255.255.255.255"))
    fcntl.ioctl(socket.socket(), 0x891C, mask)  # SIOCSIFNETMASK
    fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", name, 1))  # SIOCSIFFLAGS: up
interface(b"lo", "127.0.0.1")
interface(b"lo:1", "172.32.0.9")
reasons = [Policy().deny_reason(address, 443) for address in ("172.32.0.9", "172.32.0.8", "::ffff:172.32.0.9")]
wide = Policy.parse(ports=["443"], allow=["0.0.0.0/0"], host_map=[], extra_ca=None)
exact = Policy.parse(ports=["443"], allow=["172.32.0.9"], host_map=[], extra_ca=None)
print(reasons, wide.deny_reason("172.32.0.9", 443), exact.deny_reason("172.32.0.9", 443))
"""


def test_the_public_addresses_of_the_machine() -> None:
    """An address of the machine's own interfaces is shut although it is public, unless it is opened itself."""
    command = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", OWN]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    own = "an address of this machine"
    assert answer.stdout.strip() == f"{[own, None, own]} {own} None"


@pytest.mark.parametrize(
    ("network", "is_reported"),
    [
        ("10.0.0.0/16", False),
        ("10.0.0.0/15", True),
        ("fd00::/64", False),
        ("fd00::/63", True),
        ("127.0.0.0/27", True),
        ("127.0.0.0/28", False),
        ("127.0.0.1", False),
        ("64:ff9b::/96", True),
    ],
)
def test_wide_ranges_are_reported(network: str, is_reported: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Ranges of more than 65,536 addresses or a /64, and those with protected addresses, are worth a warning."""
    assert list(policy(network).wide_ranges()) == [network] * is_reported


@pytest.mark.parametrize(
    ("url", "address", "counts"),
    [
        ("https://mapped.test/", "10.9.9.9", True),
        ("https://mapped.test:8443/", "10.9.9.9", False),
        ("https://hole.test/", "10.1.2.3", True),
        ("https://public.test/", "198.41.0.4", False),
        ("https://sub.mapped.test/", "198.41.0.4", False),
    ],
)
async def test_where_the_extra_ca_counts(tmp_path: Path, url: str, address: str, counts: bool) -> None:  # noqa: FBT001
    """The extra CA vouches for mapped names and opened addresses. Elsewhere it is not trusted."""
    file = tmp_path / "ca.pem"
    file.write_bytes(trustme.CA(organization_name="Extra").cert_pem.bytes())
    guard = policy("10.1.2.0/24", host_map=("mapped.test:443=10.9.9.9",), ca=file)
    pool = ConnectionPool(guard, nameservers=None, connections=1, connect_seconds=1)
    context = pool._tls_context(parse_url(url), address)
    assert ("Extra" in str(context.get_ca_certs())) == counts
    await pool.close()
