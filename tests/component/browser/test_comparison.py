"""Both engines go where a plain Chromium goes (docs/explanation/differences-from-browsers.md)."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import BadUrl, Client, ForeignScheme, HasCredentials, Policy, read_url
from linkskipper.lab import Lab
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader, Resolution
from support.browser import run_browser
from support.cases import Case, CaseRunner, read_cases, run_cases
from support.page_strategies import END, Sample, samples
from support.plain_chromium import PlainChromium, run_plain_chromium
from support.replay import at_once
from support.shortener import provider

PAGES = int(os.environ.get("COMPARE_PAGES", "30"))
IS_WHOLE = "COMPARE_PAGES" in os.environ
AT_ONCE = 30
HOSTS = [f"h{number}.test" for number in range(AT_ONCE)]
DECIDED = {"captcha_required", "bot_challenge", "link_removed", "blocked_address"}
"""Reasons for which a link ends although browsers go on."""
APPS = (b"mailto:", b"tel:")
"""Chromium stays with a page that asks for an app. The engines follow what such a page does next."""
WITH_DECOYS = "https://interstitial.lab.test/decoys"
OWN_HOST = "s.test"
SLOW = {"timeout": 30, "max_wait": 4}


class Server:
    """Serves the page of each host at /x. Every other path leads to the same path of another host."""

    def __init__(self) -> None:
        self.replies: dict[str, bytes] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and close the connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            host = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
            onward = f"HTTP/1.1 302 X\r\nLocation: {END}{path}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
            writer.write(self.replies.get(host, onward) if path == "/x" else onward)
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
        host_map = [f"{host}:80=127.0.0.1:{port}" for host in HOSTS]
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=host_map, extra_ca=None)
        client = await stack.enter_async_context(Client(policy, user_agent=USER_AGENT))
        reader = await stack.enter_async_context(PageReader())
        engine = await stack.enter_async_context(run_browser(policy, contexts=AT_ONCE, links=100_000))
        chromium = await stack.enter_async_context(run_plain_chromium(http=port, https=port))
        plain = Catalog([Provider.model_validate(provider(*HOSTS, limits=SLOW))])
        in_browser = Catalog([Provider.model_validate(provider(*HOSTS, engine="browser", limits=SLOW))])
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
    pages = iter(generate(samples(), PAGES))
    differences: list[str] = []

    async def compare_pages(host: str) -> None:
        for sample in pages:
            comparison.server.replies[host] = sample.reply
            difference = await compare(comparison, f"http://{host}/x", sample)
            differences.extend([difference] if difference else [])

    await asyncio.gather(*map(compare_pages, HOSTS))
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
    expected, over_http = await asyncio.gather(
        comparison.chromium.visit(link, rest=sample.rest), comparison.http.resolve(link)
    )
    if expected is None and any(app in sample.reply for app in APPS):
        return None
    ends = {} if cannot_tell(over_http) else {"http": over_http}
    if over_http.reason is not None:
        ends["whole"] = await comparison.whole.resolve(link)
    if sample.is_for_browser:
        ends["browser"] = await comparison.browser.resolve(link)
    wrong = {
        name: end.target_url or end.reason
        for name, end in ends.items()
        if canonical(end.target_url) != canonical(expected)
    }
    return f"{sample.reply!r}: Chromium {expected}, {wrong}" if wrong else None


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
async def test_cases(tmp_path: Path) -> None:
    """Chromium goes where the cases of unknown hosts lead, except for the documented differences."""
    cases = {name: case for name, case in read_cases() if f"https://{OWN_HOST}/" in case.link and case.serve}
    chosen = cases if IS_WHOLE else dict(list(cases.items())[::30])
    hosts = frozenset(host for case in cases.values() for host in case.hosts)
    async with (
        run_cases(tmp_path, set(hosts)) as runner,
        run_plain_chromium(https=runner.ports[0], http=runner.ports[1]) as chromium,
    ):
        differences = {name: await compare_case(runner, chromium, case, hosts) for name, case in chosen.items()}
    assert {name: ends for name, ends in differences.items() if ends} == {}


async def compare_case(
    runner: CaseRunner, chromium: PlainChromium, case: Case, hosts: frozenset[str]
) -> tuple[str | None, str | None] | None:
    """Return where a case and Chromium lead, or None if that is the same."""
    runner.server.serve = case.serve
    runner.server.asked.clear()
    ends = canonical(case.expect.get("target_url")), canonical(await chromium.visit(case.link, hosts=hosts, rest=4))
    return None if ends[0] == ends[1] or case.expect.get("reason") in DECIDED else ends


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
        ends = {link.url: canonical(await chromium.visit(link.url, hosts=hosts, rest=2)) for link in chosen}
    assert {link.url: ends[link.url] for link in chosen if ends[link.url] not in {None, canonical(link.target)}} == {}
