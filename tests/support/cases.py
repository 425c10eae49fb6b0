"""Links from the wild: what servers sent, byte for byte, and where the link leads.

The files in tests/component/resolver/cases hold the cases, one file for each kind of fault. Add a case to its file, or
add a file: the runner finds both.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import trustme

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import Client, Policy
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader, Resolution
from linkskipper.resolver.browser import BrowserOptions, LazyBrowser, find_browser
from linkskipper.settings import load
from support.shortener import header

FOLDER = Path(__file__).parents[1] / "component" / "resolver" / "cases"
NOT_FOUND = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

Serve = dict[str, str | list[str]]
Reply = Callable[[str, str], str]
"""Returns the answer to a request, given the scheme and the head of the request."""


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """One link.

    Attributes:
        proves: What the case proves, in one line.
        link: The text that is submitted.
        expect: Fields of the resolution. `says` is a text that stands in the detail.
        source: The public report of the fault, or the standard.
        serve: The answer of each URL, or the answers in turn. An answer is the bytes of the server as latin-1 text,
            after which it closes the connection. A text without a status line is an HTML page. `*` is any path of a
            host.
        provider: The table of a provider besides the built-in ones.
        browser: Whether the case needs a browser.
    """

    proves: str
    link: str
    expect: dict[str, Any]
    source: str = ""
    serve: Serve = {}
    provider: dict[str, Any] | None = None
    browser: bool = False

    def __post_init__(self) -> None:
        if not self.expect:
            raise ValueError("a case expects something")

    @property
    def hosts(self) -> set[str]:
        """Return the hosts that the case serves."""
        return {urlsplit(url).netloc for url in self.serve}


def read_cases() -> Iterator[tuple[str, Case]]:
    """Yield each case with its name: that of the file, and its own."""
    decoder = msgspec.json.Decoder(dict[str, Case])
    for file in sorted(FOLDER.glob("*.json")):
        for name, case in decoder.decode(file.read_bytes()).items():
            yield f"{file.stem}-{name}", case


class CaseServer:
    """Answers with the bytes of the case that is being run."""

    def __init__(self, serve: Serve | None = None) -> None:
        self.serve: Serve = serve or {}
        self.asked: list[str] = []

    def reply(self, scheme: str, head: str) -> str:
        """Return the answer to a request."""
        url = f"{scheme}://{header(head, 'host')}{head.split(' ')[1]}"
        reply = self.serve.get(url) or self.serve.get(f"{scheme}://{header(head, 'host')}/*") or NOT_FOUND
        self.asked.append(url)
        if isinstance(reply, list):
            reply = reply[min(self.asked.count(url), len(reply)) - 1]
        return reply if reply.startswith("HTTP/") else _page(reply)


async def listen(reply: Reply, tls: ssl.SSLContext, stack: AsyncExitStack) -> list[int]:
    """Serve on two ports of loopback, over HTTPS and over HTTP, and return the ports.

    Each connection answers one request.
    """
    ports = []
    for scheme, context in (("https", tls), ("http", None)):
        listening = await asyncio.start_server(partial(_answer, scheme, reply), "127.0.0.1", 0, ssl=context)
        stack.callback(listening.close)
        ports.append(listening.sockets[0].getsockname()[1])
    return ports


async def _answer(scheme: str, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        writer.write(reply(scheme, head).encode("latin-1"))
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def _page(html: str) -> str:
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(html)}\r\n\r\n{html}"


class CaseRunner:
    """Resolves the links of cases, with a server and a browser that all cases share."""

    def __init__(self, server: CaseServer, client: Client, reader: PageReader, browser: LazyBrowser) -> None:
        self.server = server
        self._reader = reader
        self._client = client
        self._browser = browser
        self._builtin = Catalog.load()

    async def resolve(self, case: Case) -> Resolution:
        """Resolve the link of a case. Hosts of no provider file are resolved too."""
        self.server.serve = case.serve
        self.server.asked.clear()
        catalog = self._builtin
        if case.provider is not None:
            catalog = Catalog([Provider.model_validate(case.provider), *catalog.providers])
        resolver = LinkResolver(catalog, self._client, self._reader, browser=self._browser, generic=True)
        return await resolver.resolve(case.link)


@asynccontextmanager
async def run_cases(folder: Path, hosts: set[str]) -> AsyncIterator[CaseRunner]:
    """Serve these hosts on loopback, over HTTP and HTTPS, until the context ends."""
    server, ca, ca_file = CaseServer(), trustme.CA(), folder / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*sorted(hosts)).configure_cert(tls)
    async with AsyncExitStack() as stack:
        ports = await listen(server.reply, tls, stack)
        host_map = [
            f"{host}:{own}=127.0.0.1:{port}" for host in hosts for own, port in zip((443, 80), ports, strict=True)
        ]
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=host_map, extra_ca=ca_file)
        executable = find_browser(load().browser)
        assert executable is not None, "make test installs a Chromium (tools/test_programs.py)"
        client = await stack.enter_async_context(Client(policy, user_agent=USER_AGENT))
        options = BrowserOptions(executable, USER_AGENT, extra_ca=ca_file)
        reader = await stack.enter_async_context(PageReader())
        browser = await stack.enter_async_context(LazyBrowser(policy, options))
        yield CaseRunner(server, client, reader, browser)
