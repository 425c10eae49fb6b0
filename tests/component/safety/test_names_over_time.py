"""Names whose answers change or fail, through the whole resolver (docs/explanation/egress-guard.md, "Names")."""

import pytest

from linkskipper.egress import FetchLimits
from support.arena import Arena
from support.shortener import HOST, TARGET, answer, to

HANG_UP = b""


def rebinding(arena: Arena) -> tuple[str, str]:
    """Return a name that leads to the shortener and then to the canary, and a rule that allows the shortener."""
    name = arena.new_name()
    arena.dns.set(name, ["127.0.0.1"], ["127.0.0.2"])
    return name, f"127.0.0.1:{arena.shortener.port}"


async def test_between_check_and_connect(arena: Arena) -> None:
    """One lookup serves both: the judged address is the one that is connected to."""
    name, hole = rebinding(arena)
    arena.shortener.put("/a", to(TARGET), host=f"{name}:{arena.shortener.port}")
    async with arena.other_client(allow=[hole]) as client:
        resolution, contacted = await arena.resolve(f"http://{name}:{arena.shortener.port}/a", client=client)
    assert (resolution.target_url, contacted) == (TARGET, [])
    assert arena.dns.asked.count((name, "A")) == 1


async def test_between_hops(arena: Arena) -> None:
    """The connection of the next hop is judged by the address that the name has by then."""
    name, hole = rebinding(arena)
    here = f"{name}:{arena.shortener.port}"
    arena.shortener.put("/a", to("/b", "Connection: close"), host=here)
    async with arena.other_client(allow=[hole]) as client:
        resolution, contacted = await arena.resolve(f"http://{here}/a", client=client)
    assert (resolution.reason, len(resolution.hops), contacted) == ("blocked_address", 2, [])
    assert arena.shortener.asked == [f"{here}/a"]


@pytest.mark.parametrize("first", [HANG_UP, answer(503, "Connection: close")])
async def test_between_retries(arena: Arena, first: bytes) -> None:
    """A retry is judged again."""
    name, hole = rebinding(arena)
    here = f"{name}:{arena.shortener.port}"
    arena.shortener.put("/a", first, to(TARGET), host=here)
    async with arena.other_client(allow=[hole]) as client:
        resolution, contacted = await arena.resolve(f"http://{here}/a", client=client)
    assert (resolution.reason, contacted) == ("blocked_address", [])
    assert arena.shortener.asked == [f"{here}/a"]


async def test_a_kept_connection_after_a_rebind(arena: Arena) -> None:
    """Further hops use the connection that was judged. The new address gets nothing."""
    name, hole = rebinding(arena)
    here = f"{name}:{arena.shortener.port}"
    arena.shortener.put("/a", to("/b"), host=here)
    arena.shortener.put("/b", to("/c"), host=here)
    arena.shortener.put("/c", to(TARGET), host=here)
    async with arena.other_client(allow=[hole]) as client:
        resolution, contacted = await arena.resolve(f"http://{here}/a", client=client)
    assert (resolution.target_url, contacted) == (TARGET, [])


async def test_a_kept_connection_is_no_door_for_other_names(arena: Arena) -> None:
    """Another name with the same address is judged by itself, even if a connection to the address is open."""
    name, hole = rebinding(arena)
    other = arena.new_name()
    arena.dns.set(other, ["127.0.0.1", "10.0.0.1"])
    arena.shortener.put("/a", to(f"http://{other}:{arena.shortener.port}/b"), host=f"{name}:{arena.shortener.port}")
    async with arena.other_client(allow=[hole]) as client:
        resolution, contacted = await arena.resolve(f"http://{name}:{arena.shortener.port}/a", client=client)
    assert (resolution.reason, contacted) == ("blocked_address", [])


@pytest.mark.parametrize(
    ("answers", "reason"), [("NXDOMAIN", "upstream_error"), ("SERVFAIL", "upstream_error"), ([], "upstream_error")]
)
async def test_no_address(arena: Arena, answers: str | list[str], reason: str) -> None:
    """A name that nobody knows, whose server fails, or that has no address cannot be reached."""
    name = arena.new_name()
    for kind in ("A", "AAAA"):
        arena.dns.zone[name, kind] = [answers]
    arena.shortener.put("/a", to(f"http://{name}/x"))
    resolution, contacted = await arena.resolve()
    assert (resolution.reason, contacted) == (reason, [])
    assert str(resolution.detail).count(name) == 1


async def test_no_answer(arena: Arena) -> None:
    """A name server that does not answer costs the time for connecting, and no more."""
    name = arena.new_name()
    arena.dns.set(name, "SILENT")
    arena.shortener.put("/a", to(f"http://{name}/x"))
    async with arena.other_client(limits=FetchLimits(connect_seconds=0.2)) as client:
        resolution, contacted = await arena.resolve(client=client)
    assert (resolution.reason, contacted) == ("timeout", [])
    assert resolution.hops[-1].milliseconds < 5000


async def test_the_destination_is_not_even_looked_up(arena: Arena) -> None:
    """No name server gets a question about a destination."""
    arena.dns.set("target.example.com", ["127.0.0.1"])
    arena.shortener.put("/a", to("https://target.example.com/x"), host=HOST)
    resolution, contacted = await arena.resolve()
    assert (resolution.target_url, contacted, arena.dns.asked) == ("https://target.example.com/x", [], [])
