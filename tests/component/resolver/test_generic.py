"""Links of unknown hosts: recognised by what their pages look like, or followed."""

from collections.abc import AsyncIterator

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.catalog import Catalog
from linkskipper.catalog.steps import ClickStep, LinkStep
from linkskipper.egress import Client, Policy, Response, parse_url
from linkskipper.lab import Lab
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader
from linkskipper.resolver.ad_hoc import NAMES, ad_hoc_provider, family_of
from linkskipper.resolver.pages.page import Page
from support.shortener import HOST, TARGET, Bench, answer, page, provider, to

GO = "<form id=go-link method=post action=/links/go><input type=hidden name=ad_form_data value=x></form>"


@pytest.fixture(scope="module")
async def unaided(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LinkResolver]:
    """Yield a resolver that reaches the lab's hosts without knowing any of them."""
    async with Lab(state_dir=tmp_path_factory.mktemp("lab")) as lab:
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=lab.host_map, extra_ca=lab.ca_file)
        async with Client(policy, user_agent=USER_AGENT) as client:
            yield LinkResolver(Catalog.load(builtin=False), client, PageReader(), generic=True)


@pytest.mark.parametrize(
    ("link", "family", "ending"),
    [
        ("adlinkfly.lab.test/plain", "adlinkfly", "adlinkfly/plain"),
        ("adlinkfly.lab.test/two-forms", "adlinkfly", "adlinkfly/two-forms"),
        ("adlinkfly.lab.test/captcha", "adlinkfly", "captcha_required"),
        ("adlinkfly.lab.test/expired", "adlinkfly", "link_removed"),
        ("safelink.lab.test/two", "wp-safelink", "safelink/two"),
        ("safelink.lab.test/captcha", "wp-safelink", "captcha_required"),
        ("gempixel.lab.test/direct", "redirect", "gempixel/direct"),
        ("gempixel.lab.test/button", "gempixel", "gempixel/button"),
        ("gempixel.lab.test/frame", "gempixel", "gempixel/frame"),
        ("preview.lab.test/warning", "preview", "preview/warning"),
        ("redirect.lab.test/three", "redirect", "status/301"),
        ("script.lab.test/href", "redirect", "script/href"),
        ("gate.lab.test/recaptcha", "redirect", "captcha_required"),
        ("loop.lab.test/self", "redirect", "loop_detected"),
    ],
)
async def test_unknown_aliases_of_the_labs_families(unaided: LinkResolver, link: str, family: str, ending: str) -> None:
    """Each family is recognised by its pages, and its links end like those of a host that a file names."""
    resolution = await unaided.resolve(f"https://{link}")
    assert resolution.provider == f"generic-{family}"
    assert ending in {resolution.reason, (resolution.target_url or "").removeprefix("https://example.com/")}


@pytest.mark.parametrize(
    ("html", "family"),
    [
        (GO, "adlinkfly"),
        ("<form action='https://s.test/links/go'></form>", "adlinkfly"),
        ("<form id=link-view><input type=hidden name=_csrfToken></form>", "adlinkfly"),
        ("<form id=link-view><input name=q></form>", "redirect"),
        ("<script>app_vars['counter_value'] = '5';</script>", "adlinkfly"),
        ("<form><input type=hidden name=newwpsafelink value=x></form>", "wp-safelink"),
        ("<form><input type=hidden name=newwpsafelink4 value=x></form>", "wp-safelink"),
        ("<script>var appurl='x';var token='y';</script><a class=clickable></a>", "gempixel"),
        ("<script>var appurl='x';var token='y';</script>", "redirect"),
        ("<iframe id=site src=https://example.com/></iframe>", "redirect"),
        ("<h1>You are leaving</h1><a id=continue href=https://example.com/>On</a>", "preview"),
        ("<h1>Welcome</h1><a id=continue href=https://example.com/>On</a>", "redirect"),
        ("<p>newwpsafelink app_vars.counter_value go-link</p>", "redirect"),
        ("<!-- <form id=go-link></form> -->", "redirect"),
    ],
)
async def test_signs(bench: Bench, html: str, family: str) -> None:
    """The signs of each family are recognised, and texts that only resemble them are not."""
    bench.put("/a", page(html))
    bench.generic = True
    assert (await bench.resolve("http://s.test/a", provider("named.test"))).provider == f"generic-{family}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("family", "html"),
    [
        ("preview", "<h1>You are leaving</h1><a id={} href=/x>On</a>"),
        ("preview", "<h1>You are leaving</h1><a class={} href=/x>On</a>"),
        ("interstitial", "<script>setTimeout(x, 1)</script><button id={} disabled>On</button>"),
        ("interstitial", "<script>setTimeout(x, 1)</script><a id={0} class=disabled>On</a>"),
        ("interstitial", "<script>setTimeout(x, 1)</script><button class={} disabled>On</button>"),
    ],
)
def test_families_find_what_they_are_told_by(name: str, family: str, html: str) -> None:
    """A page is recognised by any of several names. The steps of the family find the element by the same name."""
    body = html.format(name).encode()
    url = parse_url("http://s.test/a")
    shown = Page(Response(url, 200, CIMultiDictProxy(CIMultiDict()), body, "text/html", "utf-8"))
    made_up = ad_hoc_provider("s.test", family)
    assert family_of(shown) == family
    assert made_up is not None
    assert shown.tree is not None
    selectors = [step.selector for step in made_up.steps if isinstance(step, LinkStep | ClickStep)]
    assert selectors
    assert all(shown.tree.css_first(selector) is not None for selector in selectors)


async def test_families_take_over_where_redirects_end(bench: Bench) -> None:
    """A redirect within the host leads to the page that shows the family. Another redirect is the destination."""
    bench.generic = True
    bench.put("/a", to("/b"))
    bench.put("/b", answer(200, "Set-Cookie: s=1", body=GO + "<script>app_vars = {counter_value: 1}</script>"))
    bench.put("/links/go", answer(body=f'{{"url":"{TARGET}"}}', media_type="application/json"))
    assert (await bench.resolve("http://s.test/a", provider("named.test"))).target_url == TARGET
    assert bench.shortener.asked == [f"{HOST}/a", f"{HOST}/b", f"{HOST}/links/go"]
    bench.put("/c", to("http://other.test/x"))
    assert (await bench.resolve("http://s.test/c", provider("named.test"))).target_url == "http://other.test/x"


@pytest.mark.parametrize("host", [HOST, f"www.{HOST}"])
async def test_links_to_the_shorteners_own_redirect(bench: Bench, host: str) -> None:
    """A page's link to the shortener itself is followed. If it ends at the shortener, the URL is not a link."""
    bench.generic = True
    leaving = "<h1>You are leaving</h1><a id=continue href=http://{}/out>On</a>"
    bench.put("/a", page(leaving.format(host)), host=host)
    bench.put("/out", to(TARGET), host=host)
    resolution = await bench.resolve(f"http://{host}/a", provider("named.test"))
    assert (resolution.target_url, resolution.provider) == (TARGET, "generic-preview")
    bench.put("/out", page("<p>Home</p>"), host=host)
    assert (await bench.resolve(f"http://{host}/a", provider("named.test"))).reason == "not_a_link"


async def test_known_hosts_keep_their_files(bench: Bench) -> None:
    """A host that a file names uses the steps of its file, also when another link leads to it."""
    bench.generic = True
    bench.put("/a", page(GO + f"<a id=mine href={TARGET}>Go</a>"))
    named = provider(steps=[{"use": "link", "selector": "#mine"}])
    assert (await bench.resolve("http://s.test/a", named)).provider == "s-test"
    bench.put("/b", to("http://s.test/a"), host="other.test")
    chained = await bench.resolve("http://other.test/b", named)
    assert (chained.provider, chained.target_url) == ("generic-redirect", TARGET)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/a", "http://localhost/a", "http://[::1]/a", "hello", "ftp://s.test/a"]
)
async def test_what_cannot_be_a_shortener(bench: Bench, url: str) -> None:
    """Addresses, local names and other schemes are not links, and nothing is sent to them."""
    bench.generic = True
    assert (await bench.resolve(url, provider("named.test"))).reason == "unsupported_link"


async def test_only_on_request(bench: Bench) -> None:
    """Unknown hosts are unsupported unless a caller asks for them."""
    assert (await bench.resolve("http://s.test/a", provider("named.test"))).reason == "unsupported_link"
