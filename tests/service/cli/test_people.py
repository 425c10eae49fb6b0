"""The commands for people, and the link that serve prints."""

import json
from pathlib import Path

import aiohttp

from support.dashboard import Visitor
from support.processes import run, serving


async def test_from_the_first_link_to_the_last(data_dir: Path) -> None:
    """serve prints a link that works once. Commands make more, end sessions, and disable and enable people."""
    async with serving(data_dir) as service, aiohttp.ClientSession() as session:
        first = service.printed(r"(http://\S+/dashboard/in#\S+)")
        address, _, code = first.partition("/dashboard/in#")
        owner = Visitor(address, session)
        assert "linkskipper dashboard login" in (await owner.get("/dashboard/in")).text
        assert (await owner.sign_in(code)).status == 303
        assert (await Visitor(address, session).sign_in(code)).status == 422

        again = await run("dashboard", "login", data_dir=data_dir)
        assert (again.code, again.out.startswith(f"{address}/dashboard/in#")) == (0, True)
        second = Visitor(address, session)
        assert (await second.sign_in(again.out.strip().partition("#")[2])).status == 303

        added = await run("users", "add", "Bob", "--account", "1", "--role", "viewer", data_dir=data_dir)
        bob = Visitor(address, session)
        assert (await bob.sign_in(added.out.strip().partition("#")[2])).status == 303
        taken = await run("users", "add", "bob", "--account", "1", data_dir=data_dir)
        assert (taken.code, "named bob already" in taken.error) == (1, True)
        listed = json.loads((await run("users", "list", "--json", data_dir=data_dir)).out)
        assert [(user["name"], user["is_operator"]) for user in listed] == [("owner", True), ("Bob", False)]

        assert (await run("users", "disable", "bob", data_dir=data_dir)).code == 0
        refused = await run("dashboard", "login", "--user", "bob", data_dir=data_dir)
        assert (refused.code, "users enable Bob" in refused.error) == (1, True)
        assert (await run("users", "enable", "bob", data_dir=data_dir)).code == 0
        assert (await run("users", "sessions", "owner", data_dir=data_dir)).code == 0
        for visitor in (owner, second, bob):
            assert (await visitor.get("/dashboard")).status == 303
    async with serving(data_dir) as service:
        assert "/dashboard/in#" not in service.output
        assert "dashboard login" in service.output
