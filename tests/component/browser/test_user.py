"""The user of the browser, its sandbox, and the folders that a killed service leaves."""

import asyncio
import os
import pwd
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkskipper.errors import SystemUserError
from linkskipper.resolver.browser import browser_user, user
from linkskipper.resolver.browser.home import BrowserHome
from linkskipper.service.resolving import browser_engine, egress_policy
from linkskipper.settings import load
from support.browser_world import run_world
from support.world_owner import OWNER

pytestmark = pytest.mark.attack


@pytest.fixture
def public_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an own folder for temporary files that the user of the browser can pass through."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def pretend_root_without_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(user, "BROWSER_USER", "-no-name-of-a-user")


async def test_root_without_an_ordinary_user(monkeypatch: pytest.MonkeyPatch, public_folder: Path) -> None:
    """The service refuses the browser, unless the operator gives the sandbox up."""
    program = public_folder / "chromium"
    program.touch(0o755)
    pretend_root_without_user(monkeypatch)
    with pytest.raises(SystemUserError, match="LINKSKIPPER_BROWSER_SANDBOX=false"):
        browser_user(program, sandbox=True)
    assert browser_user(program, sandbox=False) is None
    for sandbox in (True, False):
        settings = load(browser=program, browser_sandbox=sandbox)
        async with browser_engine(settings, egress_policy(settings)) as engine:
            assert (engine is None) == sandbox


def test_a_folder_that_the_user_may_not_pass(monkeypatch: pytest.MonkeyPatch, public_folder: Path) -> None:
    """The message names the folder, and the folder stays closed."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(user, "system_user", lambda _: pwd.getpwnam("nobody"))
    closed = public_folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", sys.executable)
    with pytest.raises(SystemUserError, match=f"cannot enter {closed} "):
        browser_user(closed / "chromium", sandbox=True)
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "printed",
    ["FATAL: No usable sandbox!", 'Check failed: sys_chroot("/proc/self/fdinfo/") == 0'],
    ids=["none", "chroot"],
)
async def test_a_sandbox_that_does_not_start(
    caplog: pytest.LogCaptureFixture, public_folder: Path, printed: str
) -> None:
    """The log says what Chromium needs, and how to do without it."""
    program = public_folder / "chromium"
    program.write_text(f"#!/bin/sh\necho '{printed}' >&2\nexit 1\n")
    program.chmod(0o755)
    async with run_world(executable=program) as world:
        resolution = await world.resolve(steps=[{"use": "follow"}])
    assert resolution.service_failed
    (error,) = {record.__dict__["error"] for record in caplog.records if record.message == "browser.not_started"}
    assert "user namespaces" in error
    assert "LINKSKIPPER_BROWSER_SANDBOX=false" in error


async def test_folders_of_a_killed_service(public_folder: Path) -> None:
    """The next browser deletes what a service that was killed has left, and not what another service uses."""
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert owner.stdout is not None
    while b"open" not in await owner.stdout.readline():
        assert owner.returncode is None
    os.kill(owner.pid, signal.SIGKILL)
    await owner.wait()
    (left,) = public_folder.iterdir()
    in_use = BrowserHome()
    for folder in (left, in_use.path):
        os.utime(folder, (0, 0))
    async with run_world() as world:
        world.put(f'<a id="continue" href="{world.destination}">Go</a>')
        assert (await world.resolve()).target_url == world.destination
        assert not left.exists()
        assert in_use.path.exists()
    in_use.close()
    assert list(public_folder.iterdir()) == []
