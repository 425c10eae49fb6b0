"""Commands that name no database use that of the service that runs on the machine."""

import json
from contextlib import AsyncExitStack
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.processes import run, serving


@pytest.fixture
def user(data_dir: Path) -> dict[str, Any]:
    """The folders of a user who has run nothing yet."""
    return {"XDG_STATE_HOME": str(data_dir.parent / "state"), "XDG_DATA_HOME": str(data_dir.parent / "share")}


async def test_one_service(data_dir: Path, user: dict[str, Any]) -> None:
    """Accounts, keys, webhooks and providers show the data of the running service, and say so on stderr."""
    async with serving(data_dir, **user) as service:
        note = f"Using the database of the service at {service.address} ({data_dir}).\n"
        accounts = await run("accounts", "list", "--json", **user)
        assert (accounts.err, [account["name"] for account in json.loads(accounts.out)]) == (note, ["default"])
        created = await run("keys", "create", "--account", "1", "--json", **user)
        assert created.err == note
        assert (await service.post(json.loads(created.out)["key"]))[0] in {200, 202}
        assert (await run("webhooks", "list", "--json", **user))[:2] == (0, "[]\n")
        providers = await run("providers", "list", "--json", **user)
        assert json.loads(providers.out)[0]["health"] is not None
    assert not Path(user["XDG_DATA_HOME"]).exists()


async def test_explicit_database(data_dir: Path, user: dict[str, Any]) -> None:
    """A named data directory wins over the running service, without a word."""
    async with serving(data_dir, **user):
        listed = await run("accounts", "list", "--json", data_dir=data_dir.parent / "other", **user)
        assert listed == (0, "[]\n", "")


async def test_two_services(data_dir: Path, user: dict[str, Any]) -> None:
    """With two services the command refuses to choose, and names both directories."""
    async with AsyncExitStack() as stack:
        directories = [data_dir, data_dir.parent / "other"]
        for directory in directories:
            await stack.enter_async_context(serving(directory, **user))
        ended = await run("accounts", "list", **user)
        assert (ended.code, ended.out) == (1, "")
        assert all(str(directory) in ended.error for directory in directories)
        assert "--data-dir" in ended.error
        assert (await run("accounts", "list", "--data-dir", str(directories[1]), **user)).code == 0


async def test_service_with_another_database(database_url: str, data_dir: Path, user: dict[str, Any]) -> None:
    """If the service uses LINKSKIPPER_DATABASE_URL, the command asks for it instead of showing another database."""
    async with serving(data_dir, LINKSKIPPER_DATABASE_URL=database_url, **user):
        ended = await run("accounts", "list", **user)
        assert (ended.code, ended.out) == (1, "")
        assert "LINKSKIPPER_DATABASE_URL" in ended.error
        assert (await run("accounts", "list", LINKSKIPPER_DATABASE_URL=database_url, **user)).code == 0


async def test_killed_service(data_dir: Path, user: dict[str, Any]) -> None:
    """The record of a killed service is ignored and removed. The command names the database that it creates."""
    records = Path(user["XDG_STATE_HOME"]) / "linkskipper" / "running"
    async with serving(data_dir, **user) as service:
        assert len(list(records.iterdir())) == 1
        service.process.kill()
        await service.process.wait()
    await run("accounts", "list", data_dir=data_dir, **user)  # stops the server that the killed service left
    listed = await run("accounts", "list", "--json", **user)
    assert listed.out == "[]\n"
    assert "Creating a database in" in listed.err
    assert "--data-dir or LINKSKIPPER_DATA_DIR" in listed.err
    assert list(records.iterdir()) == []


async def test_lab_host(data_dir: Path, user: dict[str, Any]) -> None:
    """A link of the running lab needs the lab's settings, and `resolve` says how to load them."""
    async with serving(data_dir, **user):
        ended = await run("resolve", "https://redirect.lab.test/301", **user)
        assert ended.code == 1
        assert f". {data_dir / 'lab' / 'lab.env'}" in ended.err
        assert "--generic" not in ended.err


async def test_commands_of_the_lab_page(data_dir: Path, user: dict[str, Any]) -> None:
    """The commands on the lab's page work in a shell that has no settings."""
    async with serving(data_dir, **user) as service:
        async with aiohttp.ClientSession() as session, session.get(service.printed(r"lead: (\S+)")) as response:
            page = await response.text()
        script = unescape(page.split('<pre tabindex="0"><code>')[1].split("</code>")[0])
        ended = await run("-c", script, program="sh", **user)
        assert (ended.code, ended.out.split("\t")[1:]) == (0, ["https://example.com/status/301\n"])
