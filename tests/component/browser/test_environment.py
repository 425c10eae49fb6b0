"""The processes of the browser hold no secrets of the service."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from playwright._impl import transport

from linkskipper.environment import allowed_environment
from linkskipper.errors import SettingsError
from linkskipper.resolver.browser import BrowserOptions
from linkskipper.resolver.browser.environment import DriverStart, restricted_driver
from support.browser_world import run_world
from support.memory_scan import holders_of

SECRETS = {
    "LINKSKIPPER_SECRET_KEY": "s3cret-of-the-service",
    "LINKSKIPPER_DATABASE_URL": "postgresql://app:s3cret-of-the-database@db/app",
    "PGPASSWORD": "s3cret-of-postgres",
    "AWS_SECRET_ACCESS_KEY": "s3cret-of-the-cloud",
    "HTTPS_PROXY": "http://me:s3cret-of-the-proxy@proxy:3128",
}
START = DriverStart("/nonexistent", None, 1024**3)


def environments(family: set[psutil.Process]) -> dict[str, bytes]:
    """Return the environment of each process, by its pid and its command line."""
    return {f"{child.pid} {child.cmdline()}": Path(f"/proc/{child.pid}/environ").read_bytes() for child in family}


@pytest.fixture
async def family(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[set[psutil.Process]]:
    """Return all processes of a browser that was started with secrets in the environment, and has a page open."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    before = set(psutil.Process().children(recursive=True))
    async with run_world() as world:
        world.put("<script>setTimeout(() => location = '/', 60000)</script>")
        link = asyncio.create_task(world.resolve(steps=[{"use": "follow"}], limits={"timeout": 60, "max_wait": 50}))
        async with asyncio.timeout(60):
            while not world.shortener.asked:
                await asyncio.sleep(0.02)
        yield set(psutil.Process().children(recursive=True)) - before
        link.cancel()


async def test_no_process_of_the_browser_holds_a_secret(family: set[psutil.Process]) -> None:
    """Neither the driver nor the browser, its zygotes and its renderers see the variables of the service."""
    found = environments(family)
    for part in ("run-driver", "--headless", "--type=zygote", "--type=renderer", "--type=utility"):
        assert any(part in process for process in found), part
    assert not [process for process, environment in found.items() if b"LINKSKIPPER_" in environment]
    assert sum(b"PATH=" in environment for environment in found.values()) > 1  # renderers write over theirs
    assert not holders_of(b"s3cret", family)


def test_a_search_of_the_memory_finds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that has the secret in its memory alone is found."""
    monkeypatch.delenv("LINKSKIPPER_SECRET_KEY", raising=False)
    code = "import time; kept = ''.join(['s3c', 'ret']) * 3; print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert holders_of(b"s3crets3cret", {psutil.Process(child.pid)})
        child.kill()


async def test_nothing_of_the_browser_runs_as_root(family: set[psutil.Process]) -> None:
    """The driver and the browser have a user of their own where the service is root."""
    users = {process.uids().effective for process in family}
    assert 0 not in users
    assert len(users) == 1


async def test_no_process_of_the_browser_takes_all_memory(family: set[psutil.Process]) -> None:
    """The system limits each of them, also renderers that start later: a page can fill gigabytes in a moment."""
    programs = {process for process in family if "headless" in process.name()}
    assert any("--type=renderer" in process.cmdline() for process in programs)
    limits = {Path(f"/proc/{process.pid}/limits").read_text() for process in programs}
    limit = BrowserOptions(Path("/"), "").process_memory
    assert all(re.search(rf"Max data size +{limit} +{limit} ", text) for text in limits)


async def test_the_browser_is_in_its_sandbox(family: set[psutil.Process]) -> None:
    """A renderer is confined: system calls are filtered, and it sees no process of the machine."""
    (renderer,) = (process for process in family if "--type=renderer" in process.cmdline())
    status = Path(f"/proc/{renderer.pid}/status").read_text()
    assert "Seccomp:\t2" in status
    assert Path(f"/proc/{renderer.pid}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()


def test_the_list_of_variables() -> None:
    """Only variables that the programs need are passed on, by name or by prefix."""
    needed = {"PATH": "/bin", "HOME": "/root", "LC_ALL": "C", "TZ": "UTC", "PLAYWRIGHT_BROWSERS_PATH": "/browsers"}
    assert allowed_environment({**needed, **SECRETS, "NODE_OPTIONS": "--require=/evil.js", "XPATH": "x"}) == needed


async def test_other_users_of_playwright_keep_their_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The restriction holds for tasks that begin inside it, and is undone by nothing that others do."""
    monkeypatch.setenv("OF_SOMEBODY_ELSE", "1")
    with restricted_driver(START), restricted_driver(START):
        assert "OF_SOMEBODY_ELSE" not in transport.get_driver_env()  # type: ignore[attr-defined]
        assert "PW_LANG_NAME" in transport.get_driver_env()  # type: ignore[attr-defined]
    assert transport.get_driver_env()["OF_SOMEBODY_ELSE"] == "1"  # type: ignore[attr-defined]


async def test_a_version_of_playwright_that_cannot_be_restricted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that would see the secrets does not start."""
    monkeypatch.delattr(transport, "get_driver_env")
    with pytest.raises(SettingsError, match="Playwright"), restricted_driver(START):
        pass
