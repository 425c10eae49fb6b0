"""A shortener for tests: real HTTP on loopback, scripted by path."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import Client, FetchLimits, Policy
from linkskipper.resolver import USER_AGENT, Hop, LinkResolver, PageReader, Resolution

HOST = "s.test"
OTHER = "other.test"
TARGET = "https://example.com/target"

Answer = bytes | Callable[[str], bytes]


def answer(status: int = 200, *headers: str, body: str = "", media_type: str = "text/html") -> bytes:
    """Return an HTTP response."""
    encoded = body.encode()
    lines = [f"HTTP/1.1 {status} X", *headers, f"Content-Type: {media_type}", f"Content-Length: {len(encoded)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + encoded


def to(location: str, *headers: str, status: int = 302) -> bytes:
    """Return a redirect."""
    return answer(status, f"Location: {location}", *headers)


def page(body: str) -> bytes:
    """Return a page."""
    return answer(body=body)


def _length(head: str) -> int:
    found = re.search(r"^content-length: (\d+)", head, re.IGNORECASE | re.MULTILINE)
    return int(found[1]) if found else 0


def header(head: str, name: str) -> str | None:
    """Return the value of a header in a request's head, or None."""
    found = re.search(rf"^{name}: (.*)\r", head, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else None


@dataclass
class Shortener:
    """Answers by host and path. Several answers for one path come in turn, and the last one repeats."""

    pages: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    port: int = 0
    otherwise: Answer = field(default_factory=lambda: answer(404))

    def put(self, path: str, *answers: Answer, host: str = HOST) -> None:
        """Set what a path answers."""
        self.pages[host + path] = list(answers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.bodies.append(await reader.readexactly(_length(head)))
                reply = self._reply(head)
                if not reply:
                    break
                writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _reply(self, head: str) -> bytes:
        path = head.split(" ", 2)[1]
        host = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
        self.asked.append(host + path)
        self.heads.append(head)
        answers = self.pages.get(host + path, [self.otherwise])
        chosen = answers.pop(0) if len(answers) > 1 else answers[0]
        return chosen(head) if callable(chosen) else chosen


class Bench:
    """A resolver on a shortener: what a test puts in, and what it gets out."""

    def __init__(self, shortener: Shortener, reader: PageReader) -> None:
        self.shortener = shortener
        self._reader = reader
        self.paused: list[float] = []
        self.put = shortener.put
        self.generic = False
        self.limits = FetchLimits()
        self.sleep: Callable[[float], Awaitable[None]] = self._sleep

    async def resolve(
        self, url: str, *providers: Mapping[str, object], on_hop: Callable[[Hop], None] | None = None
    ) -> Resolution:
        """Resolve with the given providers, or else with one for each of the two hosts."""
        shortener = f"127.0.0.1:{self.shortener.port}"
        policy = Policy.parse(
            ports=["80"],
            allow=[],
            host_map=[f"{name}:80={shortener}" for name in (HOST, f"www.{HOST}", OTHER)],
            extra_ca=None,
        )
        catalog = Catalog(Provider.model_validate(each) for each in providers or (provider(), provider(OTHER)))
        async with Client(policy, user_agent=USER_AGENT, limits=self.limits) as client:
            resolver = LinkResolver(
                catalog, client, self._reader, sleep=self.sleep, random=lambda: 0.0, generic=self.generic
            )
            return await resolver.resolve(url, on_hop=on_hop)

    async def _sleep(self, seconds: float) -> None:
        self.paused.append(seconds)


def provider(*hosts: str, **fields: object) -> dict[str, object]:
    """Return a provider's table, as its file would give it."""
    hosts = hosts or (HOST,)
    return {"id": hosts[0].replace(".", "-").strip("*-"), "label": "A", "hosts": hosts, "tier": "standard", **fields}
