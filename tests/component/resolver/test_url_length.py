"""A URL over the limit is not a URL, wherever the link finds it."""

import gzip
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest

from linkskipper.egress import MAX_URL
from linkskipper.resolver import Resolution
from linkskipper.resolver.parse_link import MAX_LINK
from support.shortener import Bench, answer, page, provider, to

HOST = "http://s.test"
TARGET = "https://example.com/"
GO = {"selector": "#go"}


def url_of(length: int) -> str:
    """Return a target of this many characters."""
    return TARGET + "x" * (length - len(TARGET))


def wide(length: int) -> str:
    """Return a target whose serialised form has at least this many characters, and at most five more."""
    return TARGET + "ü" * -(-(length - len(TARGET)) // 6)


class Way(NamedTuple):
    """How a link at `/a` leads to a URL: its page, the steps of its provider, and what follows the path."""

    reply: Callable[[str], bytes]
    steps: Sequence[dict[str, Any]] = ({"use": "follow"},)
    suffix: Callable[[str], str] = lambda _: ""
    target: Callable[[int], str] = url_of


def form(method: str = "get") -> Callable[[str], bytes]:
    """Return a page whose form leads to a URL with one field as its query."""
    return lambda url: page(
        f'<form id=go method={method} action="{url[:40]}"><input type=hidden name=x value="{url[43:]}"></form>'
    )


def query_of(length: int) -> str:
    """Return a target of this many characters that ends with the query of a form."""
    return f"{url_of(40)}?x={'y' * (length - 43)}"


WAYS = {
    "Location": Way(to),
    "Refresh": Way(lambda url: answer(200, f"Refresh: 0;url={url}")),
    "meta refresh": Way(lambda url: page(f'<meta http-equiv=refresh content="0;url={url}">')),
    "script location": Way(lambda url: page(f"<script>location.href = '{url}'</script>")),
    "script value": Way(lambda url: page(f"<script>go = '{url}'</script>"), [{"use": "script_value", "name": "go"}]),
    "link": Way(lambda url: page(f'<a id=go href="{url}">Go</a>'), [{"use": "link", **GO}]),
    "fields of a form": Way(form(), [{"use": "submit", **GO}], target=query_of),
    "query": Way(to, [{"use": "from_query", "param": "u", "decode": ["base64"]}],
                 lambda url: f"?u={b64encode(url.encode()).decode()}", wide),
    "path": Way(to, [{"use": "from_path", "segment": 1, "decode": ["base64url"]}],
                lambda url: f"/{urlsafe_b64encode(url.encode()).decode()}", wide),
    "fragment": Way(to, [{"use": "from_fragment", "decode": ["base64"]}],
                    lambda url: f"#{b64encode(url.encode()).decode()}", wide),
    "inherited fragment": Way(lambda url: to(url[:4000]), suffix=lambda url: f"#{url[4001:]}",
                              target=lambda length: f"{url_of(4000)}#{'f' * (length - 4001)}"),
}  # fmt: skip


async def resolve(bench: Bench, way: Way, url: str) -> Resolution:
    """Resolve a link that leads to a URL."""
    path = f"/a{way.suffix(url)}".partition("#")[0]
    bench.put(path, way.reply(url))
    return await bench.resolve(f"{HOST}/a{way.suffix(url)}", provider(steps=way.steps))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_up_to_the_limit(bench: Bench, way: Way) -> None:
    """The longest URL is a destination like any other."""
    resolution = await resolve(bench, way, way.target(MAX_URL))
    assert (resolution.reason, len(resolution.target_url or "")) == (None, MAX_URL)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_over_the_limit(bench: Bench, way: Way) -> None:
    """A longer URL ends the link as `url_too_long`, and is neither requested nor shown."""
    resolution = await resolve(bench, way, way.target(MAX_URL + 1))
    assert (resolution.reason, resolution.status, resolution.target_url) == ("url_too_long", "failed", None)
    assert str(MAX_URL) in (resolution.detail or "")
    assert len(resolution.detail or "") < 200
    assert len(resolution.hops) == 1
    assert all(len(request) < MAX_URL for request in bench.shortener.asked)


@pytest.mark.parametrize("text", ["/" + "\u00e9" * 3000, "https://dest.test/" + "\u00e9" * 3000])
async def test_a_script_whose_url_grows(bench: Bench, text: str) -> None:
    """A text within the limit whose URL exceeds it, because its characters are escaped, ends the link as others do."""
    bench.put("/a", page(f"<script>location = '{text}'</script>"))
    resolution = await bench.resolve(f"{HOST}/a", provider())
    assert (resolution.reason, resolution.target_url) == ("url_too_long", None)


@pytest.mark.parametrize(("extra", "reason"), [(0, None), (1, "url_too_long")])
async def test_a_json_value(bench: Bench, extra: int, reason: str | None) -> None:
    """The URL that a script receives has the same limit."""
    target = url_of(MAX_URL + extra)
    bench.put("/a", page("<form id=go method=post action=/go></form>"))
    bench.put("/go", answer(body=f'{{"url": "{target}"}}', media_type="application/json"))
    resolution = await bench.resolve(f"{HOST}/a", provider(steps=[{"use": "xhr", **GO, "pick": "url"}]))
    assert (resolution.reason, resolution.target_url) == (reason, None if extra else target)
    assert all(len(hop.url) < 100 for hop in resolution.hops)


@pytest.mark.parametrize(("extra", "reason"), [(0, None), (1, "url_too_long")])
@pytest.mark.parametrize("step", [{"use": "submit"}, {"use": "xhr", "pick": "url"}], ids=["click", "script"])
@pytest.mark.parametrize("method", ["get", "post"])
async def test_a_request_of_a_form(
    bench: Bench, step: dict[str, str], method: str, extra: int, reason: str | None
) -> None:
    """The URL that a form is sent to has the same limit: its action, and with GET its fields too."""
    length = MAX_URL + extra - len(f"{HOST}/")
    action = "y" * (length - 4) if method == "post" else "y" * 40
    value = "z" * (length - 43)
    bench.put("/a", page(f"<form id=go method={method} action='/{action}?x=1'><input name=x value={value}></form>"))
    reply = answer(body=f'{{"url": "{TARGET}"}}', media_type="application/json") if "pick" in step else to(TARGET)
    query = "1" if method == "post" else value
    bench.put(f"/{action}?x={query}", reply)
    resolution = await bench.resolve(f"{HOST}/a", provider(steps=[{**step, **GO}]))
    assert (resolution.reason, resolution.target_url) == (reason, None if extra else TARGET)
    assert [len(request) for request in bench.shortener.asked[1:]] == ([] if extra else [MAX_URL - len("http://")])


@pytest.mark.parametrize(("extra", "target"), [(0, "https://example.com/y/b"), (1, "https://example.com/b")])
async def test_a_base_that_is_too_long(bench: Bench, extra: int, target: str) -> None:
    """A base element with a URL over the limit is ignored."""
    base = f"https://example.com/y/?{'x' * (MAX_URL + extra - 23)}"
    bench.put("/a", page(f'<base href="{base}"><a id=go href="b">Go</a>'))
    bench.put("/b", to("https://example.com/b"))
    steps = [{"use": "link", **GO}, {"use": "follow"}]
    assert (await bench.resolve(f"{HOST}/a", provider(steps=steps))).target_url == target


@pytest.mark.parametrize(
    "markup",
    [
        '<meta http-equiv=refresh content="0;url={}">',
        "<script>location = '{}'</script>",
        "<script>location = 'magnet:?xt={}'</script>",
        '<noscript><meta http-equiv=refresh content="0;url={}"></noscript>',
    ],
)
async def test_a_small_page_with_a_huge_url(bench: Bench, markup: str) -> None:
    """Two kilobytes that unpack to a URL of two megabytes are neither sent out nor kept in the trace."""
    body = gzip.compress(markup.format(f"{HOST}/{'x' * 2_000_000}").encode())
    assert len(body) < 4000
    head = f"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    bench.put("/a", head.encode() + body)
    resolution = await bench.resolve(f"{HOST}/a")
    assert resolution.reason == "url_too_long"
    assert bench.shortener.asked == ["s.test/a"]
    assert len(repr(resolution)) < 1000


async def test_another_candidate(bench: Bench) -> None:
    """A URL that is too long is passed over where the page offers another one."""
    bench.put("/a", page(f"<script>location = '{url_of(MAX_URL + 1)}'; location = '{TARGET}'</script>"))
    assert (await bench.resolve(f"{HOST}/a")).target_url == TARGET


async def test_a_link_that_is_too_long(bench: Bench) -> None:
    """A submitted link has a wider limit, as any script may be percent-encoded. A message refuses a longer one."""
    longest = f"{HOST}/{'x' * (MAX_LINK - len(HOST) - 1)}"
    bench.put(f"/{'x' * (MAX_LINK - len(HOST) - 1)}", to(TARGET))
    assert (await bench.resolve(longest)).target_url == TARGET
    refused = await bench.resolve(f"{longest}x")
    assert (refused.reason, refused.detail) == ("unsupported_link", f"The link is longer than {MAX_LINK} characters.")
