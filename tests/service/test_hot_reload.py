"""Running processes follow their provider files without a restart."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

from support.service import Caller, Service, run_service
from support.workers import worker

FILE = 'id = "{id}"\nlabel = "{label}"\nhosts = ["{id}.test"]\ntier = "standard"\n'
BROKEN = "id ="
FIXED = """
id = "lab-changed"
label = "Fixed"
hosts = ["changed.lab.test"]
tier = "standard"

[[steps]]
use = "link"
selector = "a.button"
"""


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition. The time limit of the test ends the wait."""
    while not await condition():
        await asyncio.sleep(0.05)


async def label_of(service: Service, provider: str) -> str | None:
    caller = await service.caller()
    providers = (await caller.get("/v1/providers")).body["providers"]
    return next((listed["label"] for listed in providers if listed["provider"] == provider), None)


async def test_api(database_url: str, tmp_path: Path) -> None:
    """The API lists, accepts and refuses links by the files as they are now. A broken file changes nothing."""
    directory = tmp_path / "providers"
    directory.mkdir()
    (directory / "broken.toml").write_text(BROKEN)
    file = directory / "mine.toml"
    async with run_service(database_url, tmp_path, tiers=(), providers_dir=directory) as service:
        caller = await service.caller(credits=100_000)

        async def is_accepted() -> bool:
            return (await caller.resolve(f"https://mine.test/{uuid4().hex}")).status == 202

        async def is_refused() -> bool:
            return (await caller.resolve(f"https://mine.test/{uuid4().hex}")).status == 422

        async def is_listed() -> bool:
            return await label_of(service, "other") == "Other"

        assert await is_refused()
        file.write_text(FILE.format(id="mine", label="Mine"))
        await until(is_accepted)
        assert await label_of(service, "mine") == "Mine"
        file.write_text(BROKEN)
        (directory / "other.toml").write_text(FILE.format(id="other", label="Other"))
        await until(is_listed)
        assert await is_accepted()
        file.unlink()
        await until(is_refused)


async def test_worker_process(database_url: str, tmp_path: Path) -> None:
    """A worker process resolves by the files as they are now: added, broken, fixed and removed."""
    directory = tmp_path / "providers"
    directory.mkdir()
    file, other = directory / "changed.toml", directory / "bulk.toml"
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller(credits=100_000)
        async with worker(service, LINKSKIPPER_PROVIDERS_DIR=str(directory)):
            await until_reason(caller, "https://changed.lab.test/new", "unsupported_link")
            file.write_text(FIXED)
            await until_reason(caller, "https://changed.lab.test/new", None)
            file.write_text(BROKEN)
            other.write_text((service.lab.providers_dir / "lab-bulk.toml").read_text())
            await until_reason(caller, "https://bulk.lab.test/x", None)
            assert await reason(caller, "https://changed.lab.test/new") is None
            file.write_text(FIXED.replace("a.button", "a#gone"))
            await until_reason(caller, "https://changed.lab.test/new", "provider_changed")
            file.unlink()
            await until_reason(caller, "https://changed.lab.test/new", "unsupported_link")


async def reason(caller: Caller, url: str) -> str | None:
    """Resolve a link that is not cached, and return the reason for which it stops."""
    job = await caller.finished((await caller.resolve(f"{url}?{uuid4().hex}")).body["job_id"])
    stop: str | None = job.get("reason")
    return stop


async def until_reason(caller: Caller, url: str, expected: str | None) -> None:
    while await reason(caller, url) != expected:
        await asyncio.sleep(0.05)
