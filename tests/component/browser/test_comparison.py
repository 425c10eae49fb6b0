"""Both engines go where a plain Chromium goes (docs/explanation/differences-from-browsers.md)."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import trustme
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import BadUrl, Client, ForeignScheme, HasCredentials, Policy, read_url
from linkskipper.lab import Lab
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader, Resolution
from support.browser import run_browser
from support.cases import Case, CaseServer, listen, read_cases
from support.page_strategies import END, Sample, samples
from support.plain_chromium import PlainChromium, run_plain_chromium
from support.replay import at_once
from support.shortener import header, provider

PAGES = int(os.environ.get("COMPARE_PAGES", "30"))
IS_WHOLE = "COMPARE_PAGES" in os.environ
AT_ONCE = 40
CASES_AT_ONCE = 8
HOST = "s.test"
TLS = b"\x16"  # the first byte of a TLS connection
CASE_HEADER = "x-case"
DECIDED = {"captcha_required", "bot_challenge", "link_removed", "blocked_address"}
"""Reasons for which a link ends although browsers go on."""
DOCUMENTED = {
    "charset-declared-late-in-body",
    "charset-nothing-declared-utf8",
    "order-broken-first-base",
    "order-refresh-latest",
    "scripts-app-before-refresh",
    "scripts-app-before-web",
}
"""Cases that Chromium ends elsewhere, for reasons in docs/explanation/differences-from-browsers.md."""
APPS = (b"mailto:", b"tel:")
"""Chromium stays with a page that asks for an app. The engines follow what such a page does next."""
BROKEN_BASE = b'<base href="http://['
"""Chromium resolves nothing against it. The engines follow the standard."""
WITH_DECOYS = "https://interstitial.lab.test/decoys"
SLOW = {"timeout": 30, "max_wait": 4}


class Server:
    """Serves a page at each path. Every other path leads to the same path of another host."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and close the connection."""
        try:
            if await reader.readexactly(1) == TLS:
                return  # a script of another host, which nobody gets
            path = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ", 2)[1]
            onward = f"HTTP/1.1 302 X\r\nLocation: {END}{path}\r\nContent-Length: 0\r\n\r\n"
            writer.write(self.pages.get(path) or onward.encode("latin-1"))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass
class Comparison:
    """The three that are compared, and the server that they all visit."""

    server: Server
    chromium: PlainChromium
    http: LinkResolver
    whole: LinkResolver
    browser: LinkResolver


@pytest.fixture(scope="module")
async def comparison() -> AsyncIterator[Comparison]:
    server = Server()
    async with AsyncExitStack() as stack:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        stack.callback(listening.close)
        port = listening.sockets[0].getsockname()[1]
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=[f"{HOST}:80=127.0.0.1:{port}"], extra_ca=None)
        client = await stack.enter_async_context(Client(policy, user_agent=USER_AGENT))
        reader = await stack.enter_async_context(PageReader())
        engine = await stack.enter_async_context(run_browser(policy, contexts=AT_ONCE, links=100_000))
        chromium = await stack.enter_async_context(run_plain_chromium(http=port, https=port))
        plain = Catalog([Provider.model_validate(provider(HOST, limits=SLOW))])
        in_browser = Catalog([Provider.model_validate(provider(HOST, engine="browser", limits=SLOW))])
        yield Comparison(
            server,
            chromium,
            LinkResolver(plain, client, reader, sleep=at_once),
            LinkResolver(plain, client, reader, browser=engine, sleep=at_once),
            LinkResolver(in_browser, client, reader, browser=engine),
        )


@pytest.mark.timeout(7200)
async def test_pages(comparison: Comparison) -> None:
    """Of each page, the HTTP engine says where Chromium goes or that it cannot tell. With a browser it always can."""
    pages = {f"/page{number}": sample for number, sample in enumerate(generate(samples(), PAGES))}
    comparison.server.pages.update((path, sample.reply) for path, sample in pages.items())
    rest, suspects = iter(pages), list[str]()

    async def compare_pages() -> None:
        for path in rest:
            difference = await compare(comparison, f"http://{HOST}{path}", pages[path])
            suspects.extend([path] if difference else [])

    await asyncio.gather(*(compare_pages() for _ in range(AT_ONCE)))
    # A timer may overtake a page if the machine is busy. So each of these pages is tried once more, alone.
    again = [await compare(comparison, f"http://{HOST}{path}", pages[path]) for path in suspects]
    differences = [difference for difference in again if difference]
    assert not differences, f"{len(differences)} of {PAGES} pages differ:\n" + "\n".join(differences)


def generate(strategy: st.SearchStrategy[Sample], count: int) -> list[Sample]:
    """Make up different pages. The few pages of an ordinary run are always the same."""
    made: list[Sample] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=not IS_WHOLE,
    )
    @given(strategy)
    def collect(sample: Sample) -> None:
        made.append(sample)

    collect()
    return made


async def compare(comparison: Comparison, link: str, sample: Sample) -> str | None:
    """Return what differs, or None. Where the HTTP engine can tell, the browser need not be asked for each page."""
    over_http = await comparison.http.resolve(link)
    resolvers = {"whole": comparison.whole} if over_http.reason is not None else {}
    resolvers |= {"browser": comparison.browser} if sample.is_for_browser else {}
    visit = asyncio.create_task(comparison.chromium.visit(link, rest=sample.rest))
    others = await asyncio.gather(*(resolver.resolve(link) for resolver in resolvers.values()))
    ends = dict(zip(resolvers, others, strict=True)) | ({} if cannot_tell(over_http) else {"http": over_http})
    goals = {canonical(await visit)}
    if not are_right(ends, goals):
        goals |= {canonical(await comparison.chromium.visit(link, rest=rest)) for rest in sample.longer_rests}
    if are_right(ends, goals) or sample.has_race:
        return None
    if None in goals and any(decided in sample.reply for decided in (*APPS, BROKEN_BASE)):
        return None
    reached = {name: end.target_url or end.reason for name, end in ends.items()}
    return f"{sample.reply!r}: Chromium {goals}, {reached}"


def are_right(ends: dict[str, Resolution], goals: set[str | None]) -> bool:
    """Return whether each engine goes where Chromium goes, at least at times: between some timers, chance decides."""
    return all(canonical(end.target_url) in goals for end in ends.values())


def cannot_tell(end: Resolution) -> bool:
    return end.reason == "browser_required"


def canonical(url: str | None) -> str | None:
    """A target as browsers write it, without the user name that Chromium does not show."""
    if url is None:
        return None
    try:
        return read_url(url).href
    except HasCredentials as error:
        return error.bare_href
    except ForeignScheme as error:
        return error.href
    except BadUrl:
        return url


@pytest.mark.timeout(7200)
async def test_cases() -> None:
    """Chromium goes where the cases of unknown hosts lead, except for the documented differences."""
    cases = {name: case for name, case in read_cases() if f"https://{HOST}/" in case.link and has_no_steps(case)}
    chosen = iter((cases if IS_WHOLE else dict(list(cases.items())[::30])).items())
    servers = {name: CaseServer(case.serve) for name, case in cases.items()}
    hosts = frozenset(host for case in cases.values() for host in case.hosts)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(HOST).configure_cert(tls)
    differences: dict[str, object] = {}

    def reply(scheme: str, head: str) -> str:
        return servers[header(head, CASE_HEADER) or ""].reply(scheme, head)

    async def compare_cases(chromium: PlainChromium) -> None:
        for name, case in chosen:
            end = await chromium.visit_alone(case.link, hosts=hosts, rest=4, headers={CASE_HEADER: name})
            ends = canonical(case.expect.get("target_url")), canonical(end)
            if ends[0] != ends[1] and case.expect.get("reason") not in DECIDED:
                differences[name] = ends

    async with AsyncExitStack() as stack:
        https, http = await listen(reply, tls, stack)
        chromium = await stack.enter_async_context(run_plain_chromium(https=https, http=http))
        await asyncio.gather(*(compare_cases(chromium) for _ in range(CASES_AT_ONCE)))
    assert differences.keys() <= DOCUMENTED, differences


def has_no_steps(case: Case) -> bool:
    """Tell whether a page of the case moves on by itself: a step does what a visitor would do by hand."""
    return bool(case.serve) and "steps" not in (case.provider or {})


@pytest.mark.timeout(7200)
async def test_lab(lab: Lab) -> None:
    """Where Chromium leaves a link of the lab by itself, it goes to the link's target."""
    ports = dict(item.split("=") for item in lab.host_map)
    hosts = frozenset(name.partition(":")[0] for name in ports)
    http, https = (
        int(next(address.rpartition(":")[2] for name, address in ports.items() if name.endswith(end)))
        for end in (":80", ":443")
    )
    links = [link for link in Lab.links if link.target and "slow" not in link.url and link.url != WITH_DECOYS]
    chosen = links if IS_WHOLE else links[::20]
    async with run_plain_chromium(http=http, https=https) as chromium:
        visits = (chromium.visit_alone(link.url, hosts=hosts, rest=2) for link in chosen)
        reached = dict(zip((link.url for link in chosen), await asyncio.gather(*visits), strict=True))
    ends = {url: canonical(end) for url, end in reached.items()}
    assert {link.url: ends[link.url] for link in chosen if ends[link.url] not in {None, canonical(link.target)}} == {}
