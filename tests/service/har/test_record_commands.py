"""The commands that write HAR files, each in its own process."""

import asyncio
import signal
from pathlib import Path

from linkskipper.catalog import Catalog
from linkskipper.egress.har import read_har
from support.commands import PROVIDER, SECONDS, Command
from support.replay import replay
from support.shortener import TARGET, Bench, answer, to


async def test_resolve_keeps_what_is_exchanged(bench: Bench, command: Command, tmp_path: Path) -> None:
    """All links are in one file with a page for each, and others cannot read it. The output does not change."""
    bench.put("/a", to("/b"))
    bench.put("/b", to(TARGET))
    bench.put("/c", answer(404))
    file = tmp_path / "out.har"
    file.touch(0o644)
    ran = await command.run("resolve", "--har", str(file), "http://s.test/a", "http://s.test/c")
    assert (ran.code, len(ran.out.splitlines()), ran.err) == (1, 2, "")
    assert file.stat().st_mode & 0o777 == 0o600
    har = read_har(file)
    assert sorted((each.url, each.target_url, each.reason) for each in har.outcomes) == [
        ("http://s.test/a", TARGET, None),
        ("http://s.test/c", None, "link_removed"),
    ]
    assert len(har.log.entries) == 3
    assert len({entry.pageref for entry in har.log.entries}) == 2


async def test_ctrl_c_leaves_the_file(bench: Bench, command: Command, tmp_path: Path) -> None:
    """A link that Ctrl-C cancels leaves a file with everything until then."""
    asked = asyncio.Event()

    def never(_: str) -> bytes:
        asked.set()
        return b"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n"

    bench.put("/a", to("/b"))
    bench.put("/b", never)
    process = await command.start("resolve", "--har", str(tmp_path / "out.har"), "http://s.test/a")
    async with asyncio.timeout(SECONDS):
        await asked.wait()
        process.send_signal(signal.SIGINT)
        await process.communicate()
    entries = read_har(tmp_path / "out.har").log.entries
    assert [entry.request.url for entry in entries] == ["http://s.test/a", "http://s.test/b"]
    assert str(entries[1].response.error).startswith("CancelledError")


async def test_a_file_that_cannot_be_written(bench: Bench, command: Command, tmp_path: Path) -> None:
    """The error comes before anything is fetched, in one line."""
    ran = await command.run("resolve", "--har", str(tmp_path / "none" / "out.har"), "http://s.test/a")
    assert (ran.code, ran.out) == (1, "")
    assert "out.har cannot be written" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert bench.shortener.asked == []


async def test_record(bench: Bench, command: Command, tmp_path: Path) -> None:
    """A recorded visit becomes a file that leads to the same end without a network."""
    bench.put("/a", to(TARGET))
    file = tmp_path / "s.har"
    ran = await command.run("providers", "record", "s", "http://s.test/a", "--out", str(file))
    assert (ran.code, ran.out) == (0, "")
    assert f"{file}: 1 exchange, to {TARGET}" in ran.err
    ((outcome, resolution),) = await replay(read_har(file), Catalog.load(extra_dirs=[command.directory]))
    assert (outcome.provider, outcome.target_url, resolution.target_url) == ("s", TARGET, TARGET)


async def test_record_wants_a_link_of_the_provider(command: Command) -> None:
    """An unknown id, another provider's link, and text that is not a link give an error. Nothing is written."""
    assert PROVIDER.startswith('id = "s"')
    for arguments, code, said in (
        (("nobody", "http://s.test/a"), 1, "Provider nobody does not exist"),
        (("bitly", "http://s.test/a"), 2, "a link of s, not of bitly"),
        (("s", "http://s.test/"), 2, "not a short link"),
    ):
        ran = await command.run("providers", "record", *arguments, "--out", "/nonexistent/x.har")
        assert ran.code == code
        assert said in " ".join(ran.err.replace("│", " ").split())
