"""The steps in a live page: what they wait for, what they click, and when they give up."""

import time

import pytest

from support.browser_world import CONTINUE, World, in_a_browser, shown
from support.shortener import OTHER, page, provider, to

LATER = "<script>setTimeout(() => {{ {script} }}, {milliseconds})</script>"
IMPATIENT = {"timeout": 20, "max_wait": 1}


def later(script: str, milliseconds: int = 600) -> str:
    return LATER.format(script=script, milliseconds=milliseconds)


async def test_a_button_that_is_enabled_later(world: World) -> None:
    """A click waits until the button is enabled."""
    world.put(
        f'<button id="continue" disabled onclick="location = \'{world.destination}\'">Go</button>'
        + later("document.getElementById('continue').disabled = false")
    )
    assert (await world.resolve()).target_url == world.destination


async def test_a_link_that_is_shown_later(world: World) -> None:
    """A click waits until the link is visible. Of several matching links, it takes the first that can be clicked."""
    world.put(
        '<a class="go" href="/wrong" style="visibility: hidden">Go</a>'
        f'<a class="go" id="right" href="{world.destination}" style="display: none">Go</a>'
        + later("document.getElementById('right').style.display = ''")
    )
    resolution = await world.resolve(steps=[{"use": "click", "selector": "a.go"}])
    assert resolution.target_url == world.destination


async def test_a_click_that_waits_for_something_else(world: World) -> None:
    """`wait_for` waits for an element that is not the button."""
    world.put(
        '<a id="continue" href="/early">Go</a>'
        + later(f"document.getElementById('continue').href = '{world.destination}'; document.body.className = 'ready'")
    )
    resolution = await world.resolve(steps=[{**CONTINUE, "wait_for": "body.ready"}])
    assert resolution.target_url == world.destination


async def test_wait_for_an_element_then_read_it(world: World) -> None:
    """The steps of the other engine read the page as its scripts have changed it."""
    world.put('<a id="link"></a>' + later(f"document.getElementById('link').dataset.url = '{world.destination}'"))
    steps = [
        {"use": "wait_for", "selector": "#link[data-url]"},
        {"use": "link", "selector": "#link", "attr": "data-url"},
    ]
    resolution = await world.resolve(steps=steps)
    assert (resolution.target_url, resolution.hops[-1].mechanism) == (world.destination, "page-link")


async def test_wait_for_a_url(world: World) -> None:
    """A step can wait until a script of the page has changed its URL."""
    world.put(later("history.pushState(0, '', '/ready')") + f'<a id="continue" href="{world.destination}">Go</a>')
    resolution = await world.resolve(steps=[{"use": "wait_for", "url": "/ready$"}, CONTINUE])
    assert resolution.target_url == world.destination
    assert (await world.resolve(steps=[{"use": "wait_for", "url": "/never$"}], limits=IMPATIENT)).reason == (
        "provider_changed"
    )


async def test_a_link_step_opens_its_page(world: World) -> None:
    """A URL read from the page is opened in the browser when the next step needs it, and says where it comes from."""
    world.put('<a id="first" href="/second">x</a>')
    world.put(f'<a id="continue" href="{world.destination}">Go</a>', "/second")
    resolution = await world.resolve(steps=[{"use": "link", "selector": "#first"}, CONTINUE])
    assert shown(resolution.hops) == [("page-link", 200, "/link"), ("click", 200, "/second")]
    assert "Referer: http://s.test/link" in world.shortener.heads[-1]


async def test_a_countdown_that_is_waited_out(world: World) -> None:
    """The step `wait` pauses the link while the page continues."""
    world.put(f"<script>setTimeout(() => location = '{world.destination}', 400)</script>")
    resolution = await world.resolve(steps=[{"use": "wait", "seconds": 5}], limits={"timeout": 20, "max_wait": 6})
    assert resolution.target_url == world.destination


async def test_a_countdown_from_the_page(world: World) -> None:
    """The countdown of the page has passed before a link is read."""
    world.put(f'<script>n = 1</script><a id="go" href="{world.destination}">Go</a>')
    begin = time.monotonic()
    resolution = await world.resolve(steps=[{"use": "wait", "var": "n"}, {"use": "link", "selector": "#go"}])
    assert resolution.target_url == world.destination
    assert time.monotonic() - begin >= 1


async def test_what_stays_disabled(world: World) -> None:
    """A button that is not enabled in time ends the link with `wait_too_long`."""
    world.put('<button id="continue" disabled>Wait</button>')
    resolution = await world.resolve(limits=IMPATIENT)
    assert (resolution.reason, resolution.target_url) == ("wait_too_long", None)


@pytest.mark.parametrize(
    ("element", "state"),
    [("<button id=continue disabled>Wait</button>", "disabled"), ("<a id=continue hidden href=/x>Go</a>", "hidden")],
)
async def test_what_stays_as_it_is(world: World, element: str, state: str) -> None:
    """The detail says whether the element is disabled or hidden."""
    world.put(element)
    resolution = await world.resolve(limits=IMPATIENT)
    assert f"stays {state}." in (resolution.detail or "")


async def test_a_button_at_the_end_of_a_page(world: World) -> None:
    """A file can say that its page is scrolled to the end. This enables a button that waits for the scrolling."""
    world.put(
        '<p style="height: 5000px">Read on</p><button id="continue" disabled>Go</button><script>'
        "const go = document.querySelector('button'); "
        "addEventListener('scroll', () => { if (scrollY + innerHeight > 4900) go.disabled = false });"
        f"go.onclick = () => location.href = '{world.destination}';</script>"
    )
    assert (await world.resolve(limits=IMPATIENT)).reason == "wait_too_long"
    scrolling = {"use": "click", "selector": "#continue", "scroll": True}
    assert (await world.resolve(steps=[scrolling])).target_url == world.destination


async def test_what_is_not_there(world: World) -> None:
    """A missing button means that the page has changed. An optional step without its button is skipped."""
    world.put(f'<a id="other" href="{world.destination}">Go</a>')
    assert (await world.resolve(limits=IMPATIENT)).reason == "provider_changed"
    steps = [{**CONTINUE, "optional": True}, {"use": "click", "selector": "#other"}]
    assert (await world.resolve(steps=steps)).target_url == world.destination


async def test_what_is_covered(world: World) -> None:
    """A button under an advertisement is not clicked, because the advertisement would get the click."""
    world.put(
        f'<a id="continue" href="{world.destination}">Go</a>'
        '<a href="http://ads.test/" style="position: fixed; inset: 0; z-index: 9">Ad</a>'
    )
    assert (await world.resolve(limits=IMPATIENT)).reason == "provider_changed"


async def test_a_click_that_leads_nowhere(world: World) -> None:
    """A last step that leads nowhere means that the page has changed. If no step clicks, the page is not a link."""
    world.put('<button id="continue">Go</button>')
    assert (await world.resolve(limits=IMPATIENT)).reason == "provider_changed"
    assert (await world.resolve(steps=[{"use": "follow"}], limits=IMPATIENT)).reason == "not_a_link"


async def test_decoys(world: World) -> None:
    """A page that moves to an advertisement by itself stays where it is."""
    world.put(
        f'<button id="continue" disabled onclick="location = \'{world.destination}\'">Go</button>'
        + later("location = 'http://ads.test/1'", 100)
        + later("document.getElementById('continue').disabled = false")
    )
    resolution = await world.resolve(accept={"decoys": ["ads.test"]})
    assert resolution.target_url == world.destination


async def test_chains(world: World) -> None:
    """A link continues through other providers, each with its own engine, at the highest of their prices."""
    world.put(f'<a id="continue" href="http://{OTHER}/link">Go</a>')
    world.shortener.put("/link", to(world.destination), host=OTHER)
    resolution = await world.resolve("/link", provider(OTHER), tier="premium")
    assert (resolution.target_url, resolution.cost) == (world.destination, 2)
    world.shortener.put("/link", page(f'<a id="continue" href="{world.destination}">Go</a>'), host=OTHER)
    resolution = await world.resolve("/link", in_a_browser(OTHER))
    assert [hop.mechanism for hop in resolution.hops] == ["click", "click"]
    assert resolution.target_url == world.destination


async def test_the_deadline_is_over_all_of_it(world: World) -> None:
    """A link that needs two browsers has the time of one."""
    world.put(later(f"location = 'http://{OTHER}/link'"))
    world.shortener.put("/link", page("<h1>Wait</h1>"), host=OTHER)
    follow = [{"use": "follow"}]
    resolution = await world.resolve(
        "/link", in_a_browser(OTHER, steps=follow), steps=follow, limits={"timeout": 3, "max_wait": 60}
    )
    assert resolution.reason == "timeout"


STOPS = {
    "captcha_required": '<div class="h-captcha"></div>',
    "bot_challenge": '<form id="challenge-form"></form>',
    "password_required": '<input type="password">',
    "login_required": '<input name="user"><input type="password">',
    "adblock_gate": "<h1>Please disable your ad blocker</h1>",
    "link_removed": "<h1>This link has expired</h1>",
}


@pytest.mark.parametrize(("reason", "markup"), STOPS.items(), ids=STOPS)
@pytest.mark.parametrize("place", ["in the page", "after a while", "in a frame", "on the next page"])
async def test_stop_rules(world: World, reason: str, markup: str, place: str) -> None:
    """Stop rules apply to what the visitor sees before any click. Nothing behind a gate is read."""
    button = f'<button id="continue" disabled onclick="location = \'{world.destination}\'">Go</button>'
    enable = "document.getElementById('continue').disabled = false"
    shows = f"document.body.insertAdjacentHTML('beforeend', `{markup}`); {enable}"
    world.put(
        {
            "in the page": markup + button + f"<script>{enable}</script>",
            "after a while": button + later(shows),
            "in a frame": f"<iframe srcdoc='{markup}'></iframe>" + button + later(enable, 300),
            "on the next page": '<a id="continue" href="/next">Go</a>',
        }[place]
    )
    world.put(markup + button + f"<script>{enable}</script>", "/next")
    resolution = await world.resolve(steps=[CONTINUE, CONTINUE])
    assert (resolution.reason, resolution.target_url) == (reason, None)


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (404, (), "link_removed"),
        (410, (), "link_removed"),
        (401, (), "login_required"),
        (403, ("cf-mitigated: challenge",), "bot_challenge"),
        (500, (), "upstream_error"),
        (429, (), "upstream_error"),
    ],
)
async def test_stops_by_status(world: World, status: int, headers: tuple[str, ...], reason: str) -> None:
    """The status and the headers of a page mean the same as in the other engine."""
    world.shortener.put("/link", page("x").replace(b"200 X", f"{status} X".encode(), 1))
    if headers:
        world.shortener.put("/link", page("x").replace(b"200 X", f"{status} X\r\n{headers[0]}".encode(), 1))
    assert (await world.resolve(limits=IMPATIENT)).reason == reason


async def test_loops_and_hops(world: World) -> None:
    """A page that reloads itself again and again is a loop. A chain without an end has too many hops."""
    world.put("<script>location.reload()</script>")
    assert (await world.resolve(steps=[{"use": "follow"}])).reason == "loop_detected"
    for number in range(12):
        world.put(f"<script>location = '/{number + 1}'</script>", f"/{number}")
    assert (await world.resolve("/0", steps=[{"use": "follow"}])).reason == "too_many_hops"


async def test_a_site_that_recovers(world: World) -> None:
    """A page that fails once is requested again, in a context of its own."""
    broken = page("x").replace(b"200 X", b"503 X", 1)
    world.shortener.put("/link", broken, page(f'<a id="continue" href="{world.destination}">Go</a>'))
    resolution = await world.resolve()
    assert (resolution.target_url, len(resolution.hops)) == (world.destination, 1)


async def test_nothing_is_kept(world: World) -> None:
    """What the pages of one link store, such as cookies, is hidden from the next link."""
    world.put(
        "<script>const before = [document.cookie, localStorage.length, sessionStorage.length].join();"
        "document.cookie = 'a=b'; localStorage.a = sessionStorage.a = 'b';"
        f"location = '{world.destination}?' + before</script>"
    )
    first, second = [await world.resolve(steps=[{"use": "follow"}]) for _ in range(2)]
    assert first.target_url == second.target_url == f"{world.destination}?,0,0"


async def test_pictures_are_left_out(world: World) -> None:
    """Images, films and fonts are not loaded, unless the provider's file says that the page needs them."""
    world.put(f'<img src="/picture"><video src="/film"></video><a id="continue" href="{world.destination}">Go</a>')
    await world.resolve()
    assert world.shortener.asked == ["s.test/link"]
    world.put(f'<img src="/picture" onerror="location = \'{world.destination}\'">')
    await world.resolve(steps=[{"use": "follow"}], browser={"media": True})
    assert "s.test/picture" in world.shortener.asked
