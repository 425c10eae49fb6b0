"""People who use the dashboard: over plain HTTP, and in a browser."""

import asyncio
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import aiohttp
from playwright.async_api import BrowserContext

from linkskipper.database import Pool
from linkskipper.people import Role, create_login_link, create_user
from support.service import Service

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class PageAnswer:
    """What the dashboard answered."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str

    @property
    def visible_text(self) -> str:
        """Return the text without the markup."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.text)).split())


@dataclass(frozen=True)
class BareAnswer:
    """The bytes of an answer, split at their lines."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


async def exchange(netloc: str, *lines: str) -> BareAnswer:
    """Send the lines of a request as they are, and read until the connection ends."""
    host, _, port = netloc.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, *fields = head.split(b"\r\n")
    headers = [(name.lower(), value) for name, _, value in (field.partition(b": ") for field in fields)]
    return BareAnswer(int(status.split()[1]), headers, body)


@dataclass
class Visitor:
    """A browser without scripts. It keeps one cookie, as browsers do."""

    url: str
    session: aiohttp.ClientSession
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=lambda: dict(SAME_ORIGIN))

    async def send(self, method: str, path: str, **options: Any) -> PageAnswer:
        """Send a request, with the headers of a browser unless others are given."""
        headers = {**self.headers, **options.pop("headers", {})}
        if self.cookie:
            headers["Cookie"] = f"linkskipper={self.cookie}"
        async with self.session.request(
            method, self.url + path, headers=headers, allow_redirects=False, **options
        ) as response:
            text = await response.text()
            cookies = response.headers.getall("Set-Cookie", [])
        for cookie in cookies:
            self.cookie = cookie.partition(";")[0].partition("=")[2].strip('"')
        return PageAnswer(response.status, {k.lower(): v for k, v in response.headers.items()}, cookies, text)

    async def get(self, path: str, **options: Any) -> PageAnswer:
        """Open a page."""
        return await self.send("GET", path, **options)

    async def post(self, path: str, form: dict[str, str] | None = None, **options: Any) -> PageAnswer:
        """Send a form."""
        return await self.send("POST", path, data=form or {}, **options)

    async def sign_in(self, code: str) -> PageAnswer:
        """Sign in with the code of a one-time link."""
        return await self.post("/dashboard/in", {"way": "link", "link": code})


async def login_code(pool: Pool, user_id: int | None) -> str:
    """Return the code of a one-time link for a user."""
    async with pool.acquire() as connection:
        return await create_login_link(connection, user_id)


async def make_user(
    service: Service, name: str, account_id: int, role: Role = Role.OWNER, *, is_operator: bool = False
) -> int:
    """Make a user. Return the id."""
    async with service.pool.acquire() as connection:
        return await create_user(connection, name, account_id=account_id, role=role, is_operator=is_operator)


async def visitor(service: Service, user_id: int | None = None) -> Visitor:
    """Return a visitor, who has signed in if a user is given."""
    guest = Visitor(service.url, service.session)
    if user_id is not None:
        assert (await guest.sign_in(await login_code(service.pool, user_id))).status == 303
    return guest


async def give_cookie(context: BrowserContext, service: Service, signed_in: Visitor) -> None:
    """Let a browser use the session of a visitor."""
    await context.add_cookies([{"name": "linkskipper", "value": signed_in.cookie, "url": service.url}])
