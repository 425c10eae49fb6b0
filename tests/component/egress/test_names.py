"""The addresses of names, allow rules and host mappings (docs/explanation/egress-guard.md, "Names")."""

import socket
from pathlib import Path

import pytest

from linkskipper.egress import Client, FetchLimits, Policy, Refused, TimedOut, Unreachable, parse_url
from linkskipper.errors import SettingsError
from support.clients import Clients
from support.fake_dns import FakeDns
from support.safety_table import NAMES
from support.wire import Wire


def at(name: str, wire: Wire, path: str = "/") -> str:
    """The URL of a name on the server's port."""
    return f"http://{name}:{wire.port}{path}"


async def test_a_name_leads_to_an_allowed_address(clients: Clients, dns: FakeDns, wire: Wire) -> None:
    """A name is looked up once, without search domains, and its Host header is the name."""
    dns.set("good.example.com", ["127.0.0.1"])
    egress = await clients.make(allow=[f"127.0.0.1:{wire.port}"])
    assert (await egress.fetch(parse_url(at("good.example.com", wire)))).status == 200
    assert f"Host: good.example.com:{wire.port}".encode() in wire.requests[0]
    assert {name for name, _ in dns.asked} == {"good.example.com"}


@pytest.mark.parametrize(("answers", "kind"), NAMES)
async def test_one_bad_answer_refuses_the_name(
    clients: Clients, dns: FakeDns, wire: Wire, answers: tuple[str, ...], kind: str
) -> None:
    """A private address among a name's addresses, alone, mixed or behind a CNAME, refuses the name."""
    dns.set("a.example.com", answers, kind=kind)
    egress = await clients.make(ports=[wire.port])
    with pytest.raises(Refused) as refused:
        await egress.fetch(parse_url(at("a.example.com", wire)))
    assert refused.value.host == "a.example.com"
    assert refused.value.address in answers or ">" in answers[0]
    assert wire.connections == 0


async def test_public_a_with_private_aaaa_refuses_the_name(clients: Clients, dns: FakeDns, wire: Wire) -> None:
    """Both address families are looked up. A bad address in either family refuses the name."""
    dns.set("a.example.com", ["8.8.8.8"])
    dns.set("a.example.com", ["::1"], kind="AAAA")
    dns.zone["a.example.com", "A"] = [["8.8.8.8"]]
    egress = await clients.make(ports=[wire.port])
    with pytest.raises(Refused):
        await egress.fetch(parse_url(at("a.example.com", wire)))
    assert wire.connections == 0


async def test_rebinding_between_hops_is_refused(clients: Clients, dns: FakeDns, wire: Wire) -> None:
    """A name that was allowed a moment ago is judged again for the next connection."""
    wire.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    dns.set("a.example.com", ["127.0.0.1"], ["127.0.0.2"])
    egress = await clients.make(allow=[f"127.0.0.1:{wire.port}"])
    assert (await egress.fetch(parse_url(at("a.example.com", wire)))).body == b"ok"
    with pytest.raises(Refused) as refused:
        await egress.fetch(parse_url(at("a.example.com", wire)))
    assert refused.value.address == "127.0.0.2"
    assert wire.connections == 1


async def test_a_kept_connection_stays_with_the_judged_address(clients: Clients, dns: FakeDns, wire: Wire) -> None:
    """After a rebind, the connection that was judged is used again. No other connection is made."""
    dns.set("a.example.com", ["127.0.0.1"], ["127.0.0.2"])
    egress = await clients.make(allow=[f"127.0.0.1:{wire.port}"])
    for _ in range(3):
        assert (await egress.fetch(parse_url(at("a.example.com", wire)))).body == b"ok"
    assert wire.connections == 1


@pytest.mark.parametrize("answer", ["NXDOMAIN", "SERVFAIL", []])
async def test_names_without_an_address(clients: Clients, dns: FakeDns, answer: str | list[str]) -> None:
    """NXDOMAIN, SERVFAIL and an empty answer make a host unreachable."""
    dns.set("a.example.com", answer)
    dns.set("a.example.com", answer, kind="AAAA")
    dns.zone["a.example.com", "A"] = [answer]
    egress = await clients.make()
    with pytest.raises(Unreachable):
        await egress.fetch(parse_url("https://a.example.com/"))


async def test_search_domains_are_not_tried(clients: Clients, dns: FakeDns, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not exist is not looked for in the operator's own domain."""
    monkeypatch.setenv("LOCALDOMAIN", "corp.example.net")
    dns.set("wiki.dev.corp.example.net", ["8.8.8.8"])
    egress = await clients.make()
    with pytest.raises(Unreachable):
        await egress.fetch(parse_url("https://wiki.dev/"))
    assert {name for name, _ in dns.asked} == {"wiki.dev"}


async def test_a_silent_name_server_times_out(clients: Clients, dns: FakeDns) -> None:
    """A lookup counts against the time for connecting."""
    dns.set("a.example.com", "SILENT")
    egress = await clients.make(limits=FetchLimits(connect_seconds=0.2, fetch_seconds=5))
    with pytest.raises(TimedOut):
        await egress.fetch(parse_url("https://a.example.com/"))


@pytest.mark.parametrize("name", ["localhost", "x.localhost", "db.internal", "printer.local", "intranet", "local"])
async def test_local_names_never_reach_dns(clients: Clients, dns: FakeDns, name: str) -> None:
    """Local zones and single labels are refused without a lookup, even if they would lead to a public address."""
    dns.set(name, ["8.8.8.8"])
    egress = await clients.make()
    with pytest.raises(Refused):
        await egress.fetch(parse_url(f"http://{name}/"))
    assert dns.asked == []


async def test_a_mapped_name_skips_dns(clients: Clients, dns: FakeDns, wire: Wire) -> None:
    """Each port of a name may lead to a place of its own. Case and a trailing dot make no difference."""
    egress = await clients.make(
        host_map=[f"Short.test:80=127.0.0.1:{wire.port}", "short.test:443=127.0.0.1:1", f"lab=127.0.0.3:{wire.port}"]
    )
    for url in ("http://short.test/", "http://SHORT.test./", "http://lab/"):
        assert (await egress.fetch(parse_url(url))).status == 200
    with pytest.raises(Unreachable):
        await egress.fetch(parse_url("https://short.test/"))
    assert dns.asked == []


async def test_a_mapping_opens_nothing_else(clients: Clients, dns: FakeDns, wire: Wire) -> None:
    """A mapped address stays closed as a literal, for other names, for subdomains and on other ports."""
    dns.set("other.example.com", ["127.0.0.1"])
    dns.set("sub.short.test", ["127.0.0.1"])
    dns.set("short.test", ["127.0.0.1"])
    egress = await clients.make(host_map=[f"short.test:{wire.port}=127.0.0.1:{wire.port}"])
    assert (await egress.fetch(parse_url(at("short.test", wire)))).status == 200
    others = [at("127.0.0.1", wire), at("other.example.com", wire), at("sub.short.test", wire), "http://short.test/"]
    for url in others:
        with pytest.raises(Refused):
            await egress.fetch(parse_url(url))
    assert wire.connections == 1


async def test_a_hole_opens_what_it_names(clients: Clients, wire: Wire) -> None:
    """An allow rule with a port opens that address and port. Neighbouring addresses and other ports stay closed."""
    egress = await clients.make(allow=[f"127.0.0.1:{wire.port}"])
    assert (await egress.fetch(parse_url(at("127.0.0.1", wire)))).status == 200
    for url in (at("127.0.0.2", wire), "http://127.0.0.1/", "http://127.0.0.1:443/", at("8.8.8.8", wire)):
        with pytest.raises(Refused):
            await egress.fetch(parse_url(url))
    assert wire.connections == 1


async def test_a_hole_may_be_a_range(clients: Clients, wire: Wire) -> None:
    """An allow rule for a CIDR without a port opens the allowed ports of that range, and nothing outside it."""
    egress = await clients.make(ports=[80, wire.port], allow=["127.0.0.2/31"])
    for host in ("127.0.0.2", "127.0.0.3"):
        assert (await egress.fetch(parse_url(at(host, wire)))).status == 200
    for url in (at("127.0.0.1", wire), "http://127.0.0.2:443/"):
        with pytest.raises(Refused):
            await egress.fetch(parse_url(url))
    assert wire.connections == 2


@pytest.mark.parametrize(
    ("setting", "item"),
    [
        *(("ports", "http"), ("ports", "0"), ("ports", "65536"), ("ports", ""), ("ports", "-1"), ("ports", "８0")),
        *(
            ("allow", "10.0.0"),
            ("allow", "example.com"),
            ("allow", "10.0.0.1/8"),
            ("allow", "10.0.0.1:x"),
            ("allow", ""),
        ),
        *(("allow", "[fd00::1"), ("allow", "[fd00::1]x"), ("allow", "fe80::1%eth0")),
        *(("host_map", "a.test"), ("host_map", "=127.0.0.1"), ("host_map", "a.test=b.test"), ("host_map", "a.test=")),
        *(("host_map", "127.0.0.1=10.0.0.1"), ("host_map", "a.test:0=127.0.0.1"), ("host_map", "a.test=127.0.0.1:")),
    ],
)
def test_wrong_settings_are_named(setting: str, item: str) -> None:
    """A wrong item is quoted in one line that the operator can act on."""
    good: dict[str, list[str]] = {"ports": ["80"], "allow": [], "host_map": []}
    with pytest.raises(SettingsError) as wrong:
        Policy.parse(**(good | {setting: [item]}), extra_ca=None)
    assert repr(item) in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_settings_in_every_form() -> None:
    """Addresses, ranges and mappings are read in every form that the settings allow."""
    policy = Policy.parse(
        ports=["80", "443"],
        allow=["10.1.2.3", "10.1.0.0/16:8080", "[fd00::1]:444", "fd01::/16", "[fd02::/16]:81"],
        host_map=["a.test=[::1]:8443", "b.test:81=10.0.0.1"],
        extra_ca=None,
    )
    opened = [("10.1.2.3", 80), ("10.1.9.9", 8080), ("fd00::1", 444), ("fd01::5", 443), ("fd02::5", 81)]
    shut = [("10.1.2.4", 80), ("10.1.2.3", 81), ("fd00::2", 444), ("fd00::1", 80), ("fd02::5", 80), ("10.2.0.1", 8080)]
    assert [policy.deny_reason(*place) for place in opened] == [None] * len(opened)
    assert all(policy.deny_reason(*place) for place in shut)


def test_a_bad_extra_ca_is_named(tmp_path: Path) -> None:
    """A CA file that is missing or is not a certificate is reported at the start."""
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing")
    for path in (empty, tmp_path / "none.pem"):
        with pytest.raises(SettingsError, match=path.name):
            Policy.parse(ports=["80"], allow=[], host_map=[], extra_ca=path)


async def test_a_refusal_is_logged_once(clients: Clients, caplog: pytest.LogCaptureFixture) -> None:
    """The log gets the host, the address and the rule of a refusal, and nothing else."""
    egress = await clients.make()
    with pytest.raises(Refused):
        await egress.fetch(parse_url("http://10.0.0.1/secret"))
    (record,) = caplog.records
    assert (record.levelname, record.message) == ("WARNING", "egress.refused")
    expected = {"host": "10.0.0.1", "address": "10.0.0.1", "reason": "in 10.0.0.0/8"}
    assert {name: getattr(record, name) for name in expected} == expected


async def test_the_environment_changes_nothing(
    clients: Clients, wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Proxies and .netrc from the environment are ignored."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine short.test login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    egress = await clients.make(host_map=[f"short.test=127.0.0.1:{wire.port}"])
    assert (await egress.fetch(parse_url("http://short.test/"))).status == 200
    assert b"authorization" not in wire.requests[0].lower()


async def test_a_closed_port_is_unreachable(clients: Clients) -> None:
    """A connection that the server refuses is unreachable. It is not a refusal of the guard."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, never listening
        port = taken.getsockname()[1]
        egress = await clients.make(allow=[f"127.0.0.1:{port}"])
        with pytest.raises(Unreachable):
            await egress.fetch(parse_url(f"http://127.0.0.1:{port}/"))


async def test_a_client_outside_its_context() -> None:
    """To use a client that was never opened is a programming error, not an egress error."""
    with pytest.raises(RuntimeError):
        await Client(Policy(), user_agent="Test/1").fetch(parse_url("https://example.com/"))
