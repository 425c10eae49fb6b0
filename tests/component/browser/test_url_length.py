"""A page in the browser leads no further than a URL may be long."""

import pytest

from linkskipper.egress import MAX_URL
from support.browser_world import World
from support.shortener import page, to

CLICK = {"use": "click", "selector": "#continue"}


def url_of(world: World, length: int) -> str:
    """Return a destination of this many characters."""
    start = world.destination.partition("?")[0]
    return f"{start}?{'x' * (length - len(start) - 1)}"


WAYS = {
    "a click on a link": '<a id=continue href="{url}">Go</a>',
    "a script": "<button id=continue onclick=\"location = '{url}'\">Go</button>",
    "a window": "<button id=continue onclick=\"window.open('{url}', '_self')\">Go</button>",
    "a form": '<form action="{path}"><input name=x value="{value}"><button id=continue>Go</button></form>',
    "another scheme": "<button id=continue onclick=\"location = 'magnet:?xt={url}'\">Go</button>",
}


def markup_of(way: str, url: str) -> str:
    """Return a page that leads to a URL after a click."""
    path = url.partition("?")[0]
    return WAYS[way].format(url=url, path=path, value=url[len(path) + 3 :])


@pytest.mark.parametrize("way", WAYS)
async def test_clicks(world: World, way: str) -> None:
    """A longer URL ends the link as `url_too_long`. Nothing is requested, and the trace is short."""
    accept = {"schemes": ["http", "https", "magnet"]}
    longest = MAX_URL - len("magnet:?xt=") * (way == "another scheme")
    world.put(markup_of(way, url_of(world, longest)))
    resolution = await world.resolve(steps=[CLICK], accept=accept)
    assert (resolution.reason, len(resolution.target_url or "")) == (None, MAX_URL)
    world.put(markup_of(way, url_of(world, longest + 1)))
    resolution = await world.resolve(steps=[CLICK], accept=accept)
    assert (resolution.reason, resolution.target_url) == ("url_too_long", None)
    assert len(repr(resolution)) < 1500
    assert not world.canary.touched


async def test_redirects(world: World) -> None:
    """The Location of a page in the browser has the same limit."""
    for extra, reason in ((0, None), (1, "url_too_long")):
        world.shortener.put("/link", to(url_of(world, MAX_URL + extra)))
        resolution = await world.resolve(steps=[{"use": "follow"}])
        assert resolution.reason == reason
    assert not world.canary.touched


async def test_pages_of_the_shortener_itself(world: World) -> None:
    """A URL over the limit is not requested from the shortener either."""
    length = MAX_URL - len("http://s.test/?")
    for extra, reason in ((0, None), (1, "url_too_long"), (1_000_000, "url_too_long")):
        world.shortener.asked.clear()
        world.put(f"<script>location = '/?' + 'x'.repeat({length + extra})</script>")
        world.shortener.put(f"/?{'x' * length}", page(f"<script>location = '{world.destination}'</script>"))
        resolution = await world.resolve(steps=[{"use": "follow"}])
        assert resolution.reason == reason
        assert len(world.shortener.asked) == (1 if extra else 2)
        assert max(len(hop.url) for hop in resolution.hops) <= MAX_URL
