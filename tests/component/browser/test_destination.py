"""The destination is never contacted, however the page leads there: its server sees no connection at all."""

import pytest

from support.browser_world import DESTINATION, World, shown
from support.shortener import OTHER, answer, to

FOLLOW = {"use": "follow"}
BY_CLICK = {
    "link": '<a id="continue" href="{url}">Go</a>',
    "new tab": '<a id="continue" target="_blank" rel="opener" href="{url}">Go</a>',
    "new tab by the base": '<base target="_blank"><a id="continue" href="{url}">Go</a>',
    "a link with a ping": '<a id="continue" href="{url}" ping="{url}">Go</a>',
    "a file to save": '<a id="continue" href="{url}" download>Go</a>',
    "assignment": '<button id="continue" onclick="location = \'{url}\'">Go</button>',
    "href": '<button id="continue" onclick="location.href = \'{url}\'">Go</button>',
    "assign": '<button id="continue" onclick="location.assign(\'{url}\')">Go</button>',
    "replace": '<button id="continue" onclick="location.replace(\'{url}\')">Go</button>',
    "top": '<button id="continue" onclick="top.location = \'{url}\'">Go</button>',
    "open here": "<button id=\"continue\" onclick=\"window.open('{url}', '_self')\">Go</button>",
    "later": '<button id="continue" onclick="setTimeout(() => location = \'{url}\', 900)">Go</button>',
    "a frame's script": "<iframe srcdoc=\"<script>onmessage = () => top.location = '{url}'</script>\"></iframe>"
    '<button id="continue" onclick="frames[0].postMessage(1, \'*\')">Go</button>',
    "connected ahead": '<link rel="preconnect" href="{url}"><link rel="dns-prefetch" href="{url}">'
    '<a id="continue" href="{url}">Go</a>',
    "fetched ahead": '<link rel="prefetch" href="{url}"><script type="speculationrules">'
    '{{"prefetch": [{{"urls": ["{url}"], "eagerness": "immediate"}}],'
    ' "prerender": [{{"urls": ["{url}"], "eagerness": "immediate"}}]}}</script><a id="continue" href="{url}">Go</a>',
}


@pytest.mark.parametrize("markup", BY_CLICK.values(), ids=BY_CLICK)
async def test_clicks(world: World, markup: str) -> None:
    """The URL that a click leads to is returned exactly as the page has it, with its fragment."""
    world.put(markup.format(url=world.destination))
    resolution = await world.resolve()
    assert (resolution.target_url, resolution.reason) == (world.destination, None)
    assert not world.canary.touched


@pytest.mark.parametrize("method", ["get", "post"])
async def test_forms(world: World, method: str) -> None:
    """A GET form to the destination gives its URL. A POST form gives no URL. Neither form is sent."""
    action = f"http://{DESTINATION}:{world.canary.port}/form"
    world.put(f'<form method={method} action="{action}"><input name=a value=b><button id=continue>Go</button></form>')
    resolution = await world.resolve()
    if method == "get":
        assert resolution.target_url == f"{action}?a=b"
    else:
        assert resolution.reason == "provider_changed"
    assert not world.canary.touched


async def test_a_form_answered_with_a_redirect(world: World) -> None:
    """A form is sent to the shortener, and its redirect is read. A redirect that sends the form elsewhere is not."""
    world.put('<form method=post action="/sent"><input name=a value=b><button id=continue>Go</button></form>')
    world.shortener.put("/sent", to(world.destination, status=303))
    assert (await world.resolve()).target_url == world.destination
    world.shortener.put("/sent", to(world.destination, status=307))
    assert (await world.resolve()).reason == "provider_changed"
    assert not world.canary.touched


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects(world: World, status: int) -> None:
    """A redirect to the destination is read and not followed."""
    world.shortener.put("/link", to(world.destination, status=status))
    resolution = await world.resolve(steps=[FOLLOW])
    assert (resolution.target_url, resolution.reason) == (world.destination, None)
    assert not world.canary.touched


async def test_refresh_header(world: World) -> None:
    """A Refresh header to the destination is read and not followed."""
    world.shortener.put("/link", answer(200, f"Refresh: 1; url={world.destination}", body="Wait"))
    resolution = await world.resolve(steps=[FOLLOW])
    assert (resolution.target_url, resolution.hops[0].mechanism) == (world.destination, "refresh-header")
    assert not world.canary.touched


BY_ITSELF = {
    "meta refresh": '<meta http-equiv="refresh" content="1; url={url}">Wait',
    "script": "<script>setTimeout(() => location = '{url}', 500)</script>",
    "script at once": "<script>location = '{url}'</script>",
    "built by a script": "<script>location = '{url}'.split('').reverse().reverse().join('')</script>",
}


@pytest.mark.parametrize("markup", BY_ITSELF.values(), ids=BY_ITSELF)
async def test_pages_that_move_by_themselves(world: World, markup: str) -> None:
    """A page that moves to the destination by itself needs no click."""
    world.put(markup.format(url=world.destination))
    resolution = await world.resolve(steps=[FOLLOW])
    assert (resolution.target_url, resolution.reason) == (world.destination, None)
    assert not world.canary.touched


async def test_a_redirect_keeps_its_spelling(world: World) -> None:
    """The client gets the URL as the shortener wrote it, even where a browser would write it differently."""
    as_written = f"HTTP://{DESTINATION.upper()}:{world.canary.port}/a/../b?x= y&c={{d}}"
    world.shortener.put("/link", to(f"http://{DESTINATION}:{world.canary.port}"))
    first = await world.resolve(steps=[FOLLOW])
    world.shortener.put("/link", to(as_written.replace(" ", "%20")))
    second = await world.resolve(steps=[FOLLOW])
    assert first.target_url == f"http://{DESTINATION}:{world.canary.port}"
    assert second.target_url == as_written.replace(" ", "%20").replace("HTTP", "http").replace("DEST.TEST", "dest.test")
    assert not world.canary.touched


async def test_popups_are_never_the_destination(world: World) -> None:
    """A new window is closed, whatever opened it. The page in the tab continues."""
    world.put(
        f"<script>window.open('{world.destination}1');</script>"
        f'<a id="popup" target="_blank" href="{world.destination}2"></a>'
        '<button id="continue">Go</button><script>document.getElementById("continue").onclick = () => {'
        f"window.open('{world.destination}3'); document.getElementById('popup').click();"
        f"setTimeout(() => location = '{world.destination}', 200); }};</script>"
    )
    resolution = await world.resolve()
    assert resolution.target_url == world.destination
    assert not world.canary.touched


async def test_the_trace(world: World) -> None:
    """Each page is a hop, with its status and how it led to the next one."""
    world.shortener.put("/link", to("/first"))
    world.put('<a id="continue" href="/second?x=1">Go</a>', "/first")
    world.put('<meta http-equiv="refresh" content="0; url=/third">', "/second?x=1")
    world.put(f"<script>location = '{world.destination}'</script>", "/third")
    resolution = await world.resolve()
    assert shown(resolution.hops) == [
        ("location-header", 302, "/link"),
        ("click", 200, "/first"),
        ("meta-refresh", 200, "/second?x=1"),
        ("js-relocation", 200, "/third"),
    ]
    assert all(hop.milliseconds > 0 for hop in resolution.hops)


async def test_the_user_agent_is_honest(world: World) -> None:
    """The browser says who it is, in its requests and to scripts."""
    world.put(f"<script>location = '{world.destination}' + '?' + navigator.userAgent</script>")
    resolution = await world.resolve()
    assert "Top?LinkSkipper/" in (resolution.target_url or "")
    assert all("User-Agent: LinkSkipper/" in head for head in world.shortener.heads)


FRAMES = {
    "in the page": '<iframe src="http://{host}/destination"></iframe>',
    "by a script": "<script>const f = document.createElement('iframe'); f.src = 'http://{host}/destination';"
    " document.documentElement.append(f)</script>",
    "through a redirect": '<iframe src="/redirect"></iframe>',
    "by a form": '<iframe name=x></iframe><form target=x action="http://{host}/destination"></form>'
    "<script>document.forms[0].submit()</script>",
    "in a frame": "<iframe srcdoc=\"<iframe src='http://{host}/destination'></iframe>\"></iframe>",
}


@pytest.mark.parametrize("markup", FRAMES.values(), ids=FRAMES)
async def test_frames_of_an_allowed_host(world: World, markup: str) -> None:
    """A host that the file allows may serve scripts. No frame shows its pages, because it may be the destination."""
    world.shortener.asked.clear()
    world.shortener.put("/redirect", to(f"http://{OTHER}/destination"))
    world.shortener.put("/script", answer(body="window.loaded = 1", media_type="text/javascript"), host=OTHER)
    later = f"<script>setTimeout(() => location = '{world.destination}', 700)</script>"
    world.put(f'<script src="http://{OTHER}/script"></script>' + markup.format(host=OTHER) + later)
    resolution = await world.resolve(browser={"allow": [OTHER]}, steps=[FOLLOW])
    assert resolution.target_url == world.destination
    asked = [request for request in world.shortener.asked if request.startswith(OTHER)]
    assert asked == [f"{OTHER}/script"]
