"""The command `linkskipper resolve`, in its own process."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from linkskipper.lab import Lab
from support.commands import PROVIDER, SECONDS, Command, Ran
from support.shortener import TARGET, Bench, answer, to


async def test_resolved(bench: Bench, command: Command) -> None:
    """A link and its target are on stdout with a tab between them. Nothing else is printed, and the exit code is 0."""
    bench.put("/a", to(TARGET))
    assert await command.run("resolve", "http://s.test/a") == Ran(0, f"http://s.test/a\t{TARGET}\n", "")


async def test_not_resolved(bench: Bench, command: Command) -> None:
    """Without a target, the line has an empty cell, the reason and the details. The exit code is 1."""
    bench.put("/a", answer(404))
    ran = await command.run("resolve", "http://s.test/a", "nonsense")
    lines = {cells[0]: cells[1:] for cells in (line.split("\t") for line in ran.out.splitlines())}
    assert ran.code == 1
    assert lines["http://s.test/a"][:2] == ["", "link_removed"]
    assert lines["nonsense"][:2] == ["", "unsupported_link"]
    assert all(cells[2] for cells in lines.values())


async def test_json(bench: Bench, command: Command) -> None:
    """Each line is an object with the promised fields."""
    bench.put("/a", to(TARGET))
    bench.put("/b", answer(410))
    ran = await command.run("resolve", "--json", "--concurrency", "1", "http://s.test/a", "http://s.test/b")
    found, gone = (json.loads(line) for line in ran.out.splitlines())
    assert found.pop("hops")[0].keys() == {"url", "mechanism", "status", "milliseconds"}
    assert found == {
        "url": "http://s.test/a", "target_url": TARGET, "provider": "s", "tier": "premium", "reason": None,
        "detail": None,
    }  # fmt: skip
    assert (gone["target_url"], gone["reason"]) == (None, "link_removed")
    assert "http://s.test/b" in gone["detail"]
    assert ran.code == 1


async def test_file(bench: Bench, command: Command, tmp_path: Path) -> None:
    """Links come from a file or from standard input. Blank lines and comments are skipped."""
    bench.put("/a", to(TARGET))
    lines = "# links\n\n  http://s.test/a  \n"
    file = tmp_path / "links.txt"
    file.write_text(lines)
    expected = Ran(0, f"http://s.test/a\t{TARGET}\n", "")
    assert await command.run("resolve", "--file", str(file)) == expected
    assert await command.run("resolve", "--file", "-", given=lines) == expected


@pytest.mark.parametrize("arguments", [(), ("--file", "/missing"), ("--concurrency", "0", "x"), ("--nonsense",)])
async def test_wrong_use(command: Command, arguments: tuple[str, ...]) -> None:
    """Wrong use exits with 2 and says on stderr what is wrong."""
    ran = await command.run("resolve", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Error" in ran.err


async def test_ctrl_c(bench: Bench, command: Command) -> None:
    """Ctrl-C during a link ends the command at once and without a traceback."""
    asked = asyncio.Event()

    def never(_: str) -> bytes:
        asked.set()
        return b"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n"

    bench.put("/a", never)
    process = await command.start("resolve", "http://s.test/a")
    async with asyncio.timeout(SECONDS):
        await asked.wait()
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert process.returncode not in {0, None}
    assert (out, b"Traceback" in err) == (b"", False)


async def test_providers_list(command: Command) -> None:
    """All providers are listed, also those of the operator. Without a database, their health is unknown."""
    no_database = ("--data-dir", str(command.directory / "none"))
    ran = await command.run("providers", "list", "--json", *no_database)
    listed = {each["id"]: each for each in json.loads(ran.out)}
    assert {"bitly", "generic"} < set(listed)
    assert listed["s"] == {
        "id": "s", "label": "S", "tier": "premium", "cost": 2, "status": "active", "hosts": ["s.test"], "health": None,
    }  # fmt: skip
    assert "bit.ly" in (await command.run("providers", "list", *no_database)).out


async def test_providers_check(bench: Bench, command: Command, tmp_path: Path) -> None:
    """Check prints a line on stderr for each issue and exits with 1. Resolve warns, and uses the other files."""
    assert (await command.run("providers", "check", str(Lab.providers_dir))).code == 0
    bad = tmp_path / "bad.toml"
    bad.write_text(PROVIDER.replace("tier", "teir"))
    for arguments in (("providers", "check"), ("providers", "check", str(bad))):
        ran = await command.run(*arguments)
        assert (ran.code, ran.out) == (1, "")
        assert f"{bad}: teir: there is no such field" in ran.err
        assert "Traceback" not in ran.err
    issues = json.loads((await command.run("providers", "check", "--json", str(bad))).out)
    assert {issue["field"] for issue in issues} == {"tier", "teir"}
    bench.put("/a", to(TARGET))
    ran = await command.run("resolve", "http://s.test/a")
    assert (ran.code, ran.out) == (0, f"http://s.test/a\t{TARGET}\n")
    assert f"Warning: {bad}: teir: there is no such field" in ran.err


async def test_unknown_host(command: Command) -> None:
    """A link of a host that no file lists exits with 1, and names --generic and the lines of a provider file."""
    ran = await command.run("resolve", "https://www.short.test/a")
    assert ran.code == 1
    assert "--generic" in ran.err
    assert 'hosts = ["www.short.test"]' in ran.err
