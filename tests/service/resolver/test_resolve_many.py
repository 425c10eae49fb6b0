"""`linkskipper resolve` over many links: formats, order, fairness, resuming, odd files."""

import asyncio
import csv
import io
import json
import os
import re
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from support.commands import SECONDS, Command
from support.shortener import TARGET, Bench, answer, to

HEADER = ["url", "target_url", "provider", "tier", "reason", "detail"]


def put_many(bench: Bench, count: int) -> list[str]:
    """Make links, each with a target of its own."""
    for number in range(count):
        bench.put(f"/{number}", to(f"{TARGET}/{number}"))
    return [f"http://s.test/{number}" for number in range(count)]


def targets(output: str) -> dict[str, str]:
    """Return the targets by the links of plain lines."""
    return dict(line.split("\t")[:2] for line in output.splitlines())


async def test_order(bench: Bench, command: Command, tmp_path: Path) -> None:
    """--ordered keeps the order of the links even if the first one takes longest."""
    links = put_many(bench, 20)

    def slow(_: str) -> bytes:
        time.sleep(0.5)
        return to(f"{TARGET}/0")

    bench.put("/0", slow)
    file = tmp_path / "links.txt"
    file.write_text("\n".join(links))
    ran = await command.run("resolve", "--ordered", "--file", str(file))
    assert [line.split("\t")[0] for line in ran.out.splitlines()] == links
    assert targets(ran.out) == {link: f"{TARGET}/{number}" for number, link in enumerate(links)}


async def test_several_links_in_a_line(bench: Bench, command: Command, tmp_path: Path) -> None:
    """All links of a line are resolved, whatever stands between them, and so are those of a cell and of an array."""
    links = [f"http://s.test/{letter}" for letter in "abcdefg"]
    for link in links:
        bench.put(link.removeprefix("http://s.test"), to(f"{TARGET}{link[-2:]}"))
    a, b, c, d, e, f, g = links
    file = tmp_path / "links.txt"
    file.write_text(f'[\n  "{a}",\n  "{b}"\n]\n', encoding="utf-8")
    ran = await command.run("resolve", "--ordered", "--file", str(file))
    assert list(targets(ran.out).values()) == [f"{TARGET}/a", f"{TARGET}/b"]
    file.write_text(f'["{a}","{b}"]\n{c}\u2028{d}\x0b{e}\n{f}, {g}\n', encoding="utf-8")
    table = tmp_path / "links.csv"
    table.write_text(f"url,id\n{a}|{b},1\n{c},2\n")
    ran = await command.run("resolve", "--ordered", "--file", str(file))
    assert targets(ran.out) == {link: f"{TARGET}{link[-2:]}" for link in links}
    ran = await command.run("resolve", "--ordered", "--column", "url", "--file", str(table))
    assert list(targets(ran.out)) == [a, b, c]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
async def test_csv_for_excel(bench: Bench, command: Command, tmp_path: Path, mark: str) -> None:
    """A first line that tells Excel the delimiter is not the header."""
    bench.put("/a", to(TARGET))
    file = tmp_path / "links.csv"
    file.write_text(f"sep={mark}\r\nid{mark}url\r\n1{mark}http://s.test/a\r\n", encoding="utf-8-sig")
    ran = await command.run("resolve", "--column", "url", "--file", str(file))
    assert (ran.code, targets(ran.out)) == (0, {"http://s.test/a": TARGET})


async def test_csv(bench: Bench, command: Command, tmp_path: Path) -> None:
    """Links come from a column of CSV, and results are CSV. Each broken row is reported."""
    bench.put("/a", to(TARGET))
    bench.put("/b", answer(404))
    file = tmp_path / "links.csv"
    file.write_text('id,url\n1,http://s.test/a\n2,"http://s.test/b"\n3\n4,"no, link"\n')
    ran = await command.run("resolve", "--ordered", "--format", "csv", "--column", "url", "--file", str(file))
    header, *rows = csv.reader(io.StringIO(ran.out))
    assert (ran.code, header) == (1, HEADER)
    assert [[*row[:2], row[4]] for row in rows] == [
        ["http://s.test/a", TARGET, ""],
        ["http://s.test/b", "", "link_removed"],
        ["", "", "unsupported_link"],
        ["no, link", "", "unsupported_link"],
    ]
    missing = await command.run("resolve", "--column", "link", "--file", str(file))
    assert (missing.code, missing.out) == (1, "")
    assert "no column link. It has id, url." in missing.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
async def test_files_of_other_systems(
    bench: Bench, command: Command, tmp_path: Path, encoding: str, newline: str
) -> None:
    """Byte order marks and line ends of other systems are understood. Bytes that are not text are not a link."""
    bench.put("/a", to(TARGET))
    file = tmp_path / "links.txt"
    file.write_bytes(newline.join(["http://s.test/a", "caf\xe9", "http://s.test/a"]).encode(encoding))
    ran = await command.run("resolve", "--ordered", "--file", str(file))
    lines = [line.split("\t")[:3] for line in ran.out.splitlines()]
    assert lines[0] == lines[2] == ["http://s.test/a", TARGET]
    assert lines[1][1:] == ["", "unsupported_link"]


async def test_links_that_are_not_text(bench: Bench, command: Command, tmp_path: Path) -> None:
    """A link with bytes that are not UTF-8 is refused, and no other link is asked for in its place."""
    file = tmp_path / "links.txt"
    file.write_bytes(b"http://s.test/caf\xe9\n")
    ran = await command.run("resolve", "--file", str(file))
    assert (ran.code, bench.shortener.asked) == (1, [])
    assert "could not be read. Send it as UTF-8." in ran.out


@pytest.mark.parametrize("mark", [",", ";", "\t"])
async def test_tables(bench: Bench, command: Command, tmp_path: Path, mark: str) -> None:
    """The mark between columns is that of the header, and a table needs the name of a column."""
    bench.put("/a", to(TARGET))
    file = tmp_path / "links.csv"
    file.write_text(f"id{mark}url\n1{mark}http://s.test/a\n")
    named = await command.run("resolve", "--column", "url", "--file", str(file))
    assert targets(named.out) == {"http://s.test/a": TARGET}
    unnamed = await command.run("resolve", "--file", str(file))
    assert (unnamed.code, unnamed.out) == (1, "")
    assert "Name the column of the links with --column." in unnamed.err


@pytest.mark.parametrize("output", ["plain", "csv", "ndjson"])
async def test_resume(bench: Bench, command: Command, tmp_path: Path, output: str) -> None:
    """An interrupted run continues. Each link is resolved once, and duplicates have results of their own."""
    links = put_many(bench, 40)
    asked = threading.Event()

    def never(_: str) -> bytes:
        asked.set()
        return b"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n"

    bench.put("/7", never)
    every = [*links[:20], links[3], "a  broken line", *links[20:], links[3]]
    file, results = tmp_path / "links.txt", tmp_path / "results"
    file.write_text("\n".join(every))
    arguments = ("resolve", "--concurrency", "4", "--format", output, "--file", str(file), "--resume", str(results))
    process = await command.start(*arguments)
    async with asyncio.timeout(SECONDS):
        while not asked.is_set() or not results.exists() or len(results.read_text().splitlines()) < 12:
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert process.returncode == 130
    assert "--resume" in err.decode()
    before = results.read_text()
    results.write_text(before + '{"url":"http://s.te')  # as a run leaves it that is killed
    bench.put("/7", to(f"{TARGET}/7"))
    asked_before = len(bench.shortener.asked)
    ran = await command.run(*arguments)
    assert ran.out == ""
    text = results.read_text()
    assert text.startswith(before)
    urls = (
        [json.loads(line)["url"] for line in text.splitlines()]
        if output == "ndjson"
        else [row[0] for row in csv.reader(io.StringIO(text))][1:]
        if output == "csv"
        else [line.split("\t")[0] for line in text.splitlines()]
    )
    assert sorted(re.sub(" +", " ", url) for url in urls) == sorted(re.sub(" +", " ", link) for link in every)
    done_before = len(before.splitlines()) - (output == "csv")
    assert len(bench.shortener.asked) - asked_before <= len(every) - done_before
    again = await command.run(*arguments)
    assert (again.code, results.read_text()) == (0, text)


async def test_resume_from_another_format(command: Command, tmp_path: Path) -> None:
    """A file of results in another format is refused, and is not changed."""
    results = tmp_path / "results"
    results.write_text("http://s.test/a\thttp://example.com\n")
    for output in ("csv", "ndjson"):
        ran = await command.run("resolve", "--format", output, "--resume", str(results), "http://s.test/b")
        assert (ran.code, ran.out) == (1, "")
        assert f"--format {output}" in ran.err
    assert results.read_text() == "http://s.test/a\thttp://example.com\n"


async def test_a_pipe_is_not_read_to_its_end_first(bench: Bench, command: Command) -> None:
    """Links of a pipe are resolved as they come."""
    bench.put("/a", to(TARGET))
    process = await command.start("resolve", "--file", "-")
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS):
        for _ in range(2):
            process.stdin.write(b"http://s.test/a\n")
            assert await process.stdout.readline() == f"http://s.test/a\t{TARGET}\n".encode()
        process.stdin.close()
        assert await process.wait() == 0


async def test_ctrl_c_while_a_pipe_is_silent(command: Command) -> None:
    """Ctrl-C ends a command that waits for its input."""
    process = await command.start("resolve", "--file", "-")
    assert process.stdin is not None
    await asyncio.sleep(1)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(SECONDS):
        assert await process.wait() == 130


@pytest.mark.parametrize("interrupted", [True, False])
async def test_the_sum_on_a_terminal(bench: Bench, command: Command, interrupted: bool) -> None:  # noqa: FBT001
    """A terminal shows the sum once when the bar is gone, at the end and after Ctrl-C."""
    bench.put("/a", to(TARGET))
    bench.put("/b", answer(404))
    terminal, stderr = os.openpty()
    process = await command.start("resolve", "--file", "-", stderr=stderr)
    os.close(stderr)
    assert process.stdin is not None
    assert process.stdout is not None
    reading = asyncio.create_task(asyncio.to_thread(read_terminal, terminal))
    process.stdin.write(b"http://s.test/a\nhttp://s.test/b\n")
    async with asyncio.timeout(SECONDS):
        for _ in range(2):
            await process.stdout.readline()
        if interrupted:
            process.send_signal(signal.SIGINT)
        else:
            process.stdin.close()
        shown = await reading
        assert await process.wait() == (130 if interrupted else 1)
    assert " 1 resolved, 1 not (1 link_removed)" in shown
    assert shown.rpartition("\x1b[2K")[2].count("resolved") == 1


def read_terminal(terminal: int) -> str:
    """Read what programs write to a terminal until the last one ends."""
    text = b""
    with suppress(OSError):
        while data := os.read(terminal, 65536):
            text += data
    os.close(terminal)
    return text.decode()


async def test_a_reader_that_has_seen_enough(bench: Bench, command: Command, tmp_path: Path) -> None:
    """A closed output ends the command without a traceback."""
    links = put_many(bench, 200)
    file = tmp_path / "links.txt"
    file.write_text("\n".join(links))
    process = await command.start("resolve", "--file", str(file))
    assert process.stdout is not None
    assert process.stderr is not None
    await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]
    async with asyncio.timeout(SECONDS):
        err = await process.stderr.read()
        assert await process.wait() == 1
    assert err == b""
