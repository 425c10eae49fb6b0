"""`linkskipper providers test` as a process of its own."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from linkskipper.lab import Lab

COMMAND = str(Path(sys.executable).with_name("linkskipper"))
PROVIDER = """
id = "lab-redirect"
label = "Mine"
hosts = ["redirect.lab.test"]
tier = "standard"

[[samples]]
url = "https://redirect.lab.test/301"
expect = "https://example.com/{}"
"""
RECORDED = {
    "log": {
        "entries": [
            {
                "request": {"url": "https://redirect.lab.test/301"},
                "response": {"status": 302, "headers": [{"name": "Location", "value": "https://example.com/recorded"}]},
            }
        ]
    }
}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """A running lab."""
    async with Lab(state_dir=tmp_path) as lab:
        yield lab


async def run(lab: Lab, directory: Path | None, *arguments: str) -> tuple[int, str, str]:
    """Run `providers test` with the lab as its network. Return exit code, stdout and stderr."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LINKSKIPPER_")}
    settings = {"LINKSKIPPER_HOST_MAP": ",".join(lab.host_map), "LINKSKIPPER_EXTRA_CA": str(lab.ca_file)}
    own = {} if directory is None else {"LINKSKIPPER_PROVIDERS_DIR": str(directory)}
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "providers", "test", *arguments), env={**clean, **settings, **own}, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_right(lab: Lab) -> None:
    """The command prints the hops and the target of each sample, and exits with 0."""
    code, out, err = await run(lab, lab.providers_dir, "lab-redirect")
    assert code == 0, err
    first, hop, verdict = out.splitlines()
    assert first == "https://redirect.lab.test/301"
    assert hop.split()[:2] == ["301", "location-header"]
    assert hop.endswith("https://redirect.lab.test/301")
    assert verdict == "  ✓ https://example.com/status/301"
    assert err.splitlines() == [
        "lab-redirect: testing with the shortener itself",
        "1 of 1 samples lead where they should.",
    ]


async def test_wrong(lab: Lab, tmp_path: Path) -> None:
    """A sample that leads elsewhere or stops is printed with the expected target. The exit code is 1."""
    directory = tmp_path / "providers"
    directory.mkdir()
    text = PROVIDER.format("elsewhere") + PROVIDER[PROVIDER.index("[[samples]]") :].replace("/301", "/no-such-link")
    (directory / "mine.toml").write_text(text)
    code, out, err = await run(lab, directory, "lab-redirect")
    assert code == 1
    assert "✗ https://example.com/status/301\n  instead of https://example.com/elsewhere\n" in out
    assert "link_removed: https://redirect.lab.test/no-such-link says" in out
    assert "0 of 2 samples" in err


async def test_recorded_and_live(lab: Lab, tmp_path: Path) -> None:
    """A recording supplies the responses, with --json too. --live sends requests to the shortener."""
    directory = tmp_path / "providers"
    directory.mkdir()
    (directory / "mine.toml").write_text(PROVIDER.format("recorded"))
    (directory / "lab-redirect.har").write_text(json.dumps(RECORDED))
    code, out, err = await run(lab, directory, "lab-redirect", "--json")
    (tested,) = json.loads(out)
    assert (code, tested["target_url"], tested["hops"][0]["status"]) == (0, "https://example.com/recorded", 302)
    assert err.startswith(f"lab-redirect: testing with the recording {directory / 'lab-redirect.har'}\n")
    code, out, _ = await run(lab, directory, "lab-redirect", "--live")
    assert (code, "✗ https://example.com/status/301" in out) == (1, True)


async def test_not_recorded(lab: Lab, tmp_path: Path) -> None:
    """A sample without a recorded exchange is reported, and the exit code is 1."""
    directory = tmp_path / "providers"
    directory.mkdir()
    (directory / "mine.toml").write_text(PROVIDER.format("recorded").replace("/301", "/302"))
    (directory / "lab-redirect.har").write_text(json.dumps(RECORDED))
    code, out, _ = await run(lab, directory, "lab-redirect")
    assert code == 1
    assert "✗ not_recorded: The recording has no response for GET https://redirect.lab.test/302. Record it" in out


async def test_built_in(lab: Lab, tmp_path: Path) -> None:
    """A built-in file has its recording. A file that replaces it does not."""
    code, out, err = await run(lab, None, "exe")
    assert (code, "✓ https://example.com/exe" in out, "exe.har" in err) == (0, True, True)
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "exe.toml").write_text(PROVIDER.replace("lab-redirect", "exe").format("status/301"))
    code, out, err = await run(lab, tmp_path / "providers", "exe")
    assert (code, "with the shortener itself" in err) == (0, True)


@pytest.mark.parametrize(
    ("file", "provider", "said"),
    [
        ("id =", "lab-redirect", "mine.toml: is not TOML"),
        (PROVIDER[: PROVIDER.index("[[samples]]")], "lab-redirect", "lab-redirect has no samples: add [[samples]]"),
        (PROVIDER, "nobody", "Provider nobody does not exist"),
    ],
)
async def test_refused(lab: Lab, tmp_path: Path, file: str, provider: str, said: str) -> None:
    """A broken file, a file without samples and an unknown id are refused."""
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "mine.toml").write_text(file)
    code, out, err = await run(lab, tmp_path / "providers", provider)
    assert (code, out, said in err) == (1, "", True)
