"""Provider files change under running processes, which follow within seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

from support.service import Service, run_service
from support.workers import worker

SECONDS = 10  # on a busy machine; half a second is usual
MENDED = """
id = "lab-changed"
label = "Mended"
hosts = ["changed.lab.test"]
tier = "standard"

[[steps]]
use = "link"
selector = "a.button"
"""


async def within_seconds(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await condition():
            await asyncio.sleep(0.05)


async def label_of(service: Service, provider: str) -> str | None:
    caller = await service.caller()
    listed = (await caller.get("/v1/providers")).body["providers"]
    return next((each["label"] for each in listed if each["provider"] == provider), None)


async def test_api(database_url: str, tmp_path: Path) -> None:
    """The API lists, takes and refuses links as its files say now; a broken one changes nothing."""
    directory = tmp_path / "providers"
    directory.mkdir()
    (directory / "broken.toml").write_text("id =")
    file = directory / "mine.toml"
    async with run_service(database_url, tmp_path, tiers=(), providers_dir=directory) as service:
        caller = await service.caller()
        url = "https://mine.test/abc"
        assert (await caller.resolve(url)).status == 422
        file.write_text('id = "mine"\nlabel = "Mine"\nhosts = ["mine.test"]\ntier = "standard"\n')

        async def is_taken() -> bool:
            return (await caller.resolve(url)).status == 202

        async def is_refused() -> bool:
            return (await caller.resolve(f"{url}/{uuid4().hex}")).status == 422

        await within_seconds(is_taken)
        assert await label_of(service, "mine") == "Mine"
        file.write_text("id =")
        (directory / "other.toml").write_text(
            'id = "other"\nlabel = "Other"\nhosts = ["other.test"]\ntier = "standard"\n'
        )

        async def is_listed() -> bool:
            return await label_of(service, "other") == "Other"

        await within_seconds(is_listed)
        assert await is_taken()
        file.unlink()
        await within_seconds(is_refused)


async def test_worker_process(database_url: str, tmp_path: Path) -> None:
    """A worker process resolves by its files as they are now: added, broken, mended and removed."""
    directory = tmp_path / "providers"
    directory.mkdir()
    file, other = directory / "changed.toml", directory / "bulk.toml"
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller(credits=1000)

        async def reason(url: str) -> str | None:
            job = await caller.finished((await caller.resolve(f"{url}?{uuid4().hex}")).body["job_id"])
            assert job["status"] == "done" or job["reason"]
            found: str | None = job.get("reason")
            return found

        async def is_done() -> bool:
            return await reason("https://changed.lab.test/new") is None

        async def is_unknown() -> bool:
            return await reason("https://changed.lab.test/new") == "unsupported_link"

        async def other_is_known() -> bool:
            return await reason("https://bulk.lab.test/x") is None

        async with worker(service, LINKSKIPPER_PROVIDERS_DIR=str(directory)):
            assert await is_unknown()
            file.write_text(MENDED)
            await within_seconds(is_done)
            file.write_text("id =")
            other.write_text((service.lab.providers_dir / "lab-bulk.toml").read_text())
            await within_seconds(other_is_known)
            assert await is_done()
            file.write_text(MENDED.replace("a.button", "a#gone"))

            async def is_changed() -> bool:
                return await reason("https://changed.lab.test/new") == "provider_changed"

            await within_seconds(is_changed)
            file.unlink()
            await within_seconds(is_unknown)
