"""The lab as a whole: its links, its certificates, its ports, its end."""

import asyncio
import socket
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from linkskipper.errors import DataDirError, PortInUseError, SettingsError
from linkskipper.lab import Lab
from support.raw_http import RawBrowser


def _providers() -> list[dict[str, object]]:
    return [tomllib.loads(file.read_text()) for file in sorted(Lab.providers_dir.glob("*.toml"))]


def test_every_link_ends_one_way(lab: Lab) -> None:
    """Every link is listed once and has a destination or a stop reason, never both."""
    assert len({link.url for link in lab.links}) == len(lab.links) > 80
    assert {url for url, _ in lab.samples} <= {link.url for link in lab.links}
    assert all((link.target is None) != (link.reason is None) for link in lab.links)


def test_every_host_is_of_one_provider(lab: Lab) -> None:
    """The provider files name exactly the hosts that have links, each host once."""
    linked = {link.url.split("/")[2] for link in lab.links}
    named = [host for provider in _providers() for host in provider["hosts"]]  # type: ignore[attr-defined]
    assert sorted(named) == sorted(linked)


def test_samples_are_links_of_the_lab(lab: Lab) -> None:
    """The samples of the provider files have the outcomes that the lab declares."""
    targets = {link.url: link.target for link in lab.links}
    for provider in _providers():
        for sample in provider["samples"]:  # type: ignore[attr-defined]
            assert targets[sample["url"]] == sample["expect"]


async def test_every_host_is_there_under_its_name(lab: Lab, browser: RawBrowser) -> None:
    """Every host of the map answers on both ports, with a certificate for its name."""
    hosts = {item.partition(":")[0] for item in lab.host_map}
    for host in hosts:
        for scheme in ("http", "https"):
            assert (await browser.raw(f"{scheme}://{host}/")).startswith(b"HTTP/1.1 ")


async def test_front_page_lists_every_link(lab: Lab, browser: RawBrowser) -> None:
    """The front page has every link with its outcome, without other resources or scripts."""
    page = (await browser.get("http://lab.test/")).body.decode()
    for link in lab.links:
        assert link.url.replace("&", "&amp;") in page
        assert (link.target or link.reason or "").replace("&", "&amp;") in page
    assert not any(outside in page for outside in ("<script src", "<img", "@import", "url("))


async def test_front_page_stands_at_the_address(lab: Lab) -> None:
    """The front page is also at the address and port, where people open it."""
    place = lab.url.removeprefix("http://").removesuffix("/")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(place.rpartition(":")[2]))
    writer.write(f"GET / HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n".encode())
    assert b"<h1" in await reader.read()
    writer.close()


async def test_ca_can_be_read_by_other_processes(lab: Lab) -> None:
    """Everybody can read the certificate of the CA and the settings, and no file holds a private key."""
    assert stat.S_IMODE(lab.ca_file.stat().st_mode) & 0o444 == 0o444
    files = sorted(lab.ca_file.parent.iterdir())
    assert files == [lab.ca_file, lab.env_file]
    assert not any("PRIVATE KEY" in file.read_text() for file in files)


async def test_requests_share_a_connection(browser: RawBrowser) -> None:
    """A connection serves requests one after the other, also if they arrive together or in pieces."""
    reader, writer = await browser.connect("https", "bulk.lab.test")
    request = b"GET /%d HTTP/1.1\r\nHost: bulk.lab.test\r\n\r\n"
    writer.write(request % 1 + request % 2 + (request % 3)[:25])
    for number in (1, 2):
        assert b"/landing/%d\r\n" % number in await reader.readuntil(b"\r\n\r\n")
    writer.write((request % 3)[25:])
    assert b"/landing/3\r\n" in await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def test_head_has_no_body(browser: RawBrowser) -> None:
    """HEAD is answered with the headers alone."""
    answer = await browser.get("https://refresh.lab.test/meta", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.all(b"Content-Length")[0]) > 0


async def test_no_http_is_refused(browser: RawBrowser) -> None:
    """Bytes that are not HTTP get 400, and the connection ends."""
    reader, writer = await browser.connect("http", "lab.test")
    writer.write(b"EHLO lab\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()


@pytest.mark.parametrize("offset", [0, 1])
async def test_busy_port(tmp_path: Path, offset: int) -> None:
    """If the HTTP or HTTPS port is in use, the error says so, and the other port is released."""
    lower = _two_free_ports()
    with socket.create_server(("127.0.0.1", lower + offset)):
        with pytest.raises(PortInUseError, match=rf"127\.0\.0\.1:{lower + offset} .*LINKSKIPPER_LAB_PORT"):
            await Lab(port=lower, state_dir=tmp_path).__aenter__()
        socket.create_server(("127.0.0.1", lower + 1 - offset)).close()
    assert list(tmp_path.iterdir()) == []


def _two_free_ports() -> int:
    for port in range(20_000, 30_000, 2):
        try:
            for each in (port, port + 1):
                socket.create_server(("127.0.0.1", each)).close()
        except OSError:
            continue
        return port
    raise AssertionError("no two free ports")


async def test_given_port_and_the_one_after_it(tmp_path: Path) -> None:
    """HTTP uses the given port, HTTPS the next."""
    port = _two_free_ports()
    async with Lab(port=port, state_dir=tmp_path) as lab:
        assert lab.url == f"http://127.0.0.1:{port}/"
        assert f"lab.test:443=127.0.0.1:{port + 1}" in lab.host_map


async def test_last_port_is_refused(tmp_path: Path) -> None:
    """The highest port leaves none for HTTPS, and the error names the setting."""
    with pytest.raises(SettingsError, match="LINKSKIPPER_LAB_PORT"):
        await Lab(port=65535, state_dir=tmp_path).__aenter__()


async def test_unusable_state_directory(tmp_path: Path) -> None:
    """A missing state directory is an error, and no socket stays open."""
    before = _open_files()
    with pytest.raises(DataDirError, match=r"lab-ca\.pem"):
        await Lab(state_dir=tmp_path / "missing").__aenter__()
    assert _open_files() <= before


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_start_and_stop_leave_nothing(tmp_path: Path, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Twenty labs that end during idle, slow and endless responses leave no file or task open."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_live_twenty_times(tmp_path))


async def _live_twenty_times(state_dir: Path) -> None:
    await _live_and_die(state_dir)  # what a loop opens once and keeps is open now
    tasks, files = len(asyncio.all_tasks()), _open_files()
    for _ in range(20):
        await _live_and_die(state_dir)
    assert len(asyncio.all_tasks()) == tasks
    assert _open_files() <= files, "what earlier tests left open may be closed meanwhile"


async def _live_and_die(state_dir: Path) -> None:
    async with Lab(state_dir=state_dir) as lab:
        browser = RawBrowser(lab)
        streams = [
            await _asking(browser, scheme, host, path)
            for scheme in ("http", "https")
            for host, path in (("slow", "/60/x"), ("broken", "/endless"), ("bulk", "/x"))
        ]
        await asyncio.gather(*(streams[index][0].read(1) for index in (1, 2, 4, 5)))
    for _, writer in streams:
        writer.transport.abort()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def _asking(
    browser: RawBrowser, scheme: str, host: str, path: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await browser.connect(scheme, f"{host}.lab.test")
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}.lab.test\r\n\r\n".encode())
    return reader, writer
