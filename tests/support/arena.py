"""A hostile shortener, a resolver that follows it, and everything around them that must not be contacted."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import Client, FetchLimits, Policy
from linkskipper.resolver import LinkResolver, PageReader, Resolution
from support.clients import QUICK
from support.connections import connections
from support.fake_dns import FakeDns
from support.safety_table import DENIED_V4
from support.shortener import HOST, Shortener, answer, page, to
from support.wire import Wire

_numbers = count()
LINK = f"http://{HOST}/a"
FOLLOWED = (301, 302, 303, 307, 308)
OTHERS = (300, 304, 305, 306)

Way = Callable[[str], bytes]


def _header(text: str) -> str:
    """Return the text's UTF-8 in the form that the helper for responses takes."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _redirect(status: int) -> Way:
    return lambda url: to(_header(url), status=status)


def _page(form: str) -> Way:
    return lambda url: page(form.replace("{}", url.encode("utf-8", "replace").decode()))


WAYS: dict[str, Way] = {
    **{str(status): _redirect(status) for status in FOLLOWED},
    "refresh": lambda url: answer(200, f"Refresh: 0;url={_header(url)}"),
    "meta": _page('<meta http-equiv=refresh content="0;url={}">'),
    "noscript": _page('<noscript><meta http-equiv=refresh content="0;url={}"></noscript>'),
    "script": _page('<script>location = "{}"</script>'),
    "href": _page('<script>window.location.href = "{}"</script>'),
    "replace": _page('<script>location.replace("{}")</script>'),
    "open": _page('<script>window.open("{}")</script>'),
    "onload": _page("<body onload=\"location = '{}'\">"),
    "link": _page('<a class=go href="{}">go on</a>'),
    "variable": _page('<script>var destination = "{}";</script>'),
    "base": _page('<base href="{}"><script>location = "x"</script>'),
}
"""The ways in which an answer leads on, each as a function of where."""

FORMS: dict[str, Callable[[str], tuple[bytes, bytes]]] = {
    "get": lambda url: (page(f'<form class=go action="{url}"><input type=hidden name=x></form>'), answer(404)),
    "post": lambda url: (
        page(f'<form class=go method=post action="{url}"><input type=hidden name=x></form>'),
        answer(404),
    ),
    "button": lambda url: (
        page(f'<form class=go method=post><button formaction="{url}">go</button></form>'),
        answer(404),
    ),
    "after a post": lambda url: (
        page("<form class=go method=post action=/b><input type=hidden name=x></form>"),
        to(_header(url), status=303),
    ),
    "kept over a redirect": lambda url: (
        page("<form class=go method=post action=/b><input type=hidden name=x></form>"),
        to(_header(url), status=307),
    ),
    "reply": lambda url: (
        page("<form class=ask method=post action=/b><input type=hidden name=x></form>"),
        answer(200, body=json.dumps({"url": url}), media_type="application/json"),
    ),
    "asked": lambda url: (
        page(f'<form class=ask method=post action="{url}"><input type=hidden name=x></form>'),
        answer(404),
    ),
}
"""The ways of forms: the page that holds one, and what is answered where that goes if it is the shortener's own."""

STEPS = [
    {"use": "follow"},
    {"use": "link", "selector": "a.go", "optional": True},
    {"use": "script_value", "name": "destination", "optional": True},
    {"use": "submit", "selector": "form.go", "optional": True},
    {"use": "xhr", "selector": "form.ask", "pick": "url", "optional": True},
]


def _catalog(*hosts: str) -> Catalog:
    table = {"id": "s", "label": "S", "hosts": hosts, "tier": "standard", "steps": STEPS, "limits": {"timeout": 5}}
    return Catalog([Provider.model_validate(table)])


CAREFUL = _catalog(HOST, "*.in.test")
"""A provider that keeps links on its own host and on all names below in.test."""

CARELESS = _catalog(HOST, *DENIED_V4)
"""One whose file lists addresses, so that nothing but the guard stands before them."""


def policy(shortener: Shortener, canary: Wire, allow: Sequence[str] = ()) -> Policy:
    """Return a policy that maps the shortener's host, and opens all ports of the test and the allow rules."""
    ports = ["80", "443", str(canary.port), str(shortener.port)]
    host_map = [f"{HOST}:80=127.0.0.1:{shortener.port}"]
    return Policy.parse(ports=ports, allow=allow, host_map=host_map, extra_ca=None)


@dataclass
class Arena:
    """What a test sets up, and what has been contacted."""

    shortener: Shortener
    canary: Wire
    dns: FakeDns
    client: Client

    def new_name(self) -> str:
        """Return a name of the shortener whose addresses nobody has looked up yet."""
        return f"n{next(_numbers)}.in.test"

    def other_client(self, *, allow: Sequence[str] = (), limits: FetchLimits = QUICK) -> Client:
        """Return a client with allow rules, or with other limits."""
        guard = policy(self.shortener, self.canary, allow)
        return Client(guard, user_agent="Test/1", limits=limits, nameservers=[f"127.0.0.1:{self.dns.port}"])

    async def resolve(
        self, url: str = LINK, *, catalog: Catalog = CAREFUL, client: Client | None = None
    ) -> tuple[Resolution, list[Any]]:
        """Return how a link ends, and which addresses besides the shortener's were connected to."""
        with connections() as seen:
            resolution = await LinkResolver(catalog, client or self.client, PageReader(), sleep=at_once).resolve(url)
        home = ("127.0.0.1", self.shortener.port)
        return resolution, [address for address in seen if address != home]

    async def by_each_way(self, url: str, *, catalog: Catalog = CAREFUL) -> dict[str, Resolution]:
        """Return, for each way, how a link to a URL ends. Check that nobody else was contacted."""
        ends = {}
        for name, way in WAYS.items():
            self.shortener.put("/a", way(url))
            ends[name], contacted = await self.resolve(catalog=catalog)
            assert contacted == [], (name, contacted)
        return ends

    async def by_each_form(self, url: str) -> dict[str, Resolution]:
        """Do the same with forms."""
        ends = {}
        for name, way in FORMS.items():
            form, reply = way(url)
            self.shortener.put("/a", form)
            self.shortener.put("/b", reply)
            ends[name], contacted = await self.resolve()
            assert contacted == [], (name, contacted)
        return ends


def reasons(ends: Mapping[str, Resolution]) -> dict[str, str | None]:
    """Return the target of each resolution, or the reason if it has none."""
    return {name: resolution.target_url or resolution.reason for name, resolution in ends.items()}


def each(reason: str) -> dict[str, str | None]:
    """Return the same end for every way."""
    return dict.fromkeys(WAYS, reason)


async def at_once(_: float) -> None:
    """Do not wait."""
