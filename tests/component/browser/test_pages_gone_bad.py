"""Hostile and broken pages end with a typed reason within the limits, and do not damage the browser."""

import asyncio

import pytest

from linkskipper.resolver.pages.parse_cost import MAX_TAGS
from support.browser_world import World
from support.shortener import answer, page

FOLLOW = [{"use": "follow"}]
SHORT = {"timeout": 3, "max_wait": 2}


async def resolves(world: World) -> bool:
    """Return whether earlier links left nothing open, and an ordinary link is still resolved."""
    assert not any(chromium.links or chromium.tabs for chromium in world.engine.pool.running)
    world.put(f'<a id="continue" href="{world.destination}">Go</a>', "/fine")
    return (await world.resolve("/fine")).target_url == world.destination


BUSY = {
    "at once": "<script>for (;;);</script>",
    "later": "<script>setTimeout(() => { for (;;); }, 300)</script>",
    "promises": "<script>const again = () => Promise.resolve().then(again); again()</script>",
    "timers": "<script>const again = () => { for (let i = 0; i < 50; i++) setTimeout(again, 0) }; again()</script>",
    "in a frame": "<iframe srcdoc='<script>for (;;);</script>'></iframe>",
    "dialogs": "<script>for (;;) alert(1)</script>",
    "windows": "<script>for (let i = 0; i < 200; i++) window.open('/fine')</script>",
    "navigations": "<script>setInterval(() => location = '/link?' + Math.random(), 5)</script>",
    "the parser of the browser": "<div>" * 150_000,  # its time grows with the square of the depth
}


@pytest.mark.parametrize("markup", BUSY.values(), ids=BUSY)
async def test_scripts_that_never_stop(world: World, markup: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that keeps itself busy ends when its time is up, or sooner. The next link finds a browser."""
    world.put(markup)
    monkeypatch.setattr(world.shortener, "otherwise", page(markup))
    resolution = await world.resolve(limits=SHORT)
    assert resolution.reason in {"timeout", "provider_changed", "too_many_hops", "loop_detected", "body_too_large"}
    assert await resolves(world)


LARGE = {
    "a million elements": page("<p>" * 1_000_000),
    "a long page": page("x" * 5_000_000),
    "one element too many": page("<p>" * (MAX_TAGS - 2)),  # besides html, head and body
    "deeply nested": page("<div>" * 5_000),
}


@pytest.mark.parametrize("reply", LARGE.values(), ids=LARGE)
async def test_large_pages(world: World, reply: bytes) -> None:
    """A page over a limit on characters, elements or depth ends the link."""
    world.shortener.put("/link", reply)
    resolution = await world.resolve(steps=FOLLOW, limits={"timeout": 60, "max_wait": 1})
    assert resolution.reason == "body_too_large"
    assert await resolves(world)


async def test_many_elements_by_a_script(world: World) -> None:
    """A script that fills the page ends the link."""
    world.put("<body><script>document.body.innerHTML = '<p>x</p>'.repeat(2e4)</script>")
    resolution = await world.resolve(steps=FOLLOW, limits={"timeout": 60, "max_wait": 1})
    assert resolution.reason == "body_too_large"
    assert await resolves(world)


async def test_a_page_just_within_the_limits(world: World) -> None:
    """A page of as many elements as allowed is read."""
    world.put("<p>" * (MAX_TAGS - 5))  # besides html, head, title and body, and one in reserve
    resolution = await world.resolve(steps=FOLLOW, limits={"timeout": 60, "max_wait": 1})
    assert resolution.reason == "not_a_link"


async def test_a_page_without_an_end(world: World) -> None:
    """A page without an end stops at the limit on the bytes that a link's sites may send."""
    world.shortener.put("/link", page("x").replace(b"Content-Length", b"X", 1) + b"<p>and so on</p>" * 400_000)
    resolution = await world.resolve(steps=FOLLOW)
    assert resolution.reason == "body_too_large"
    assert await resolves(world)


async def test_a_server_that_does_not_answer(world: World) -> None:
    """A page that does not arrive ends when its time is up, and so does a page whose script does not arrive."""
    world.shortener.put("/silent", lambda _: answer(body="x").replace(b"Content-Length: 1", b"Content-Length: 2"))
    world.put('<script src="/silent"></script><a id="continue" href="/x">Go</a>')
    ends = await asyncio.gather(*(world.resolve(path, limits=SHORT) for path in ("/silent", "/link")))
    assert [end.reason for end in ends] == ["timeout", "timeout"]
    assert await resolves(world)


async def test_frames_without_an_end(world: World) -> None:
    """Frames in frames, and many frames on one page, do no harm."""
    world.put(
        "<script>let n = 0; const more = () => { for (let i = 0; i < 20; i++) { const f = "
        'document.createElement("iframe"); f.src = "/frame?" + n++; document.body.append(f); } };'
        "setInterval(more, 1)</script>"
    )
    assert (await world.resolve(limits=SHORT)).reason in {"timeout", "provider_changed", "body_too_large"}
    assert await resolves(world)


@pytest.mark.parametrize("media_type", ["application/pdf", "application/octet-stream", "image/png", "application/zip"])
async def test_what_is_no_page(world: World, media_type: str) -> None:
    """A file is not a page and is not saved."""
    world.shortener.put("/link", answer(body="%PDF-1.4", media_type=media_type))
    resolution = await world.resolve(steps=FOLLOW, limits={"timeout": 6, "max_wait": 1})
    assert resolution.reason == "no_destination"
    assert await resolves(world)


async def test_a_download(world: World) -> None:
    """A download that a page starts by itself is refused. The page continues."""
    world.shortener.put("/file", answer(200, "Content-Disposition: attachment; filename=x.exe", body="x"))
    world.put(f'<iframe src="/file"></iframe><a id="continue" href="{world.destination}">Go</a>')
    assert (await world.resolve()).target_url == world.destination
    world.put("<script>location = '/file'</script>")
    assert (await world.resolve(limits=SHORT)).reason in {"provider_changed", "no_destination"}


async def test_many_at_once(world: World) -> None:
    """Bad pages do not keep good pages from their end."""
    world.put("<script>for (;;);</script>", "/bad")
    world.put(f'<a id="continue" href="{world.destination}">Go</a>', "/good")
    paths = ["/bad", "/good", "/good", "/good", "/bad", "/good"]
    limits = {"/bad": SHORT, "/good": {"timeout": 60, "max_wait": 50}}
    resolutions = await asyncio.gather(*(world.resolve(path, limits=limits[path]) for path in paths))
    assert [resolution.target_url == world.destination for resolution in resolutions] == [
        path == "/good" for path in paths
    ]
