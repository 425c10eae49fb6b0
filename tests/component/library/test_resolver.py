"""`from linkskipper import Resolver`: both calls, entered and not, in threads and in loops."""

import asyncio
import sys
import threading
import time
from asyncio.subprocess import PIPE
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import linkskipper
from linkskipper import Catalog, LinkFailed, LinkInvalid, NotResolved, Policy, Reason, Replay, Resolution, Resolver
from linkskipper.catalog import Provider
from linkskipper.egress.har import build_har
from linkskipper.lab import Lab
from support.shortener import TARGET, Bench, answer, provider, to

HEAVY = ("starlette", "pgqueuer", "asyncpg", "uvicorn", "typer", "pydantic_settings", "playwright")


def of(bench: Bench) -> Resolver:
    """Return a resolver that reaches the test's shortener."""
    policy = Policy.parse(
        ports=["80"], allow=[], host_map=[f"s.test:80=127.0.0.1:{bench.shortener.port}"], extra_ca=None
    )
    return Resolver(catalog=Catalog([Provider.model_validate(provider())]), policy=policy)


async def test_awaited(bench: Bench) -> None:
    """A link is resolved by an entered resolver or a new one, alone or with many at the same time."""
    bench.put("/a", to(TARGET))
    assert (await of(bench).resolve("http://s.test/a")).target_url == TARGET
    async with of(bench) as resolver:
        ends = await asyncio.gather(*(resolver.resolve("http://s.test/a") for _ in range(20)))
    assert {end.target_url for end in ends} == {TARGET}


def threads() -> set[threading.Thread]:
    """Return the threads. Those that earlier tests have left may end at any time."""
    return set(threading.enumerate())


async def test_plain(bench: Bench) -> None:
    """The synchronous call works from any thread, from many at once, and next to a running loop. No thread is left."""
    bench.put("/a", to(TARGET))

    def call() -> set[str | None]:
        before = threads()
        with of(bench) as resolver, ThreadPoolExecutor(5) as pool:
            ends = list(pool.map(resolver.resolve_sync, ["http://s.test/a"] * 20))
        ends.append(of(bench).resolve_sync("http://s.test/a"))
        assert threads() <= before
        return {end.target_url for end in ends}

    assert await asyncio.to_thread(call) == {TARGET}


async def test_an_entered_plain_resolver_can_be_awaited(bench: Bench) -> None:
    """A resolver that was entered with `with` serves awaiting callers too."""
    bench.put("/a", to(TARGET))
    resolver = await asyncio.to_thread(of(bench).__enter__)
    try:
        assert (await resolver.resolve("http://s.test/a")).target_url == TARGET
    finally:
        await asyncio.to_thread(resolver.__exit__, None, None, None)


async def test_left_while_a_link_is_under_way(bench: Bench) -> None:
    """To leave the resolver cancels a synchronous call in another thread with an error. A later call fails too."""
    bench.put("/a", answer(body="x").replace(b"Content-Length: 1", b"Content-Length: 2"))

    def call() -> None:
        before = threads()
        with ThreadPoolExecutor(1) as pool:
            with of(bench) as resolver:
                thread, waiting = resolver._thread, pool.submit(resolver.resolve_sync, "http://s.test/a")
                while not bench.shortener.asked:
                    time.sleep(0.01)
            with pytest.raises(RuntimeError, match="closed before"):
                waiting.result(timeout=5)
            assert thread is not None
            with pytest.raises(RuntimeError, match="closed before"):
                thread.call(lambda: asyncio.sleep(0))
        assert threads() <= before

    await asyncio.to_thread(call)


async def test_what_cannot_be_entered(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that fails to open leaves nothing behind. It can be entered once the cause is gone."""
    bench.put("/a", to(TARGET))
    resolver, before = of(bench), threads()
    with monkeypatch.context() as broken:
        broken.setattr("linkskipper.library.find_browser", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await resolver.__aenter__()
        with pytest.raises(ZeroDivisionError):
            resolver.__enter__()
    assert threads() <= before
    async with resolver:
        assert (await resolver.resolve("http://s.test/a")).target_url == TARGET


@pytest.mark.browser
async def test_in_a_browser(tmp_path: Path) -> None:
    """A countdown that needs a script is resolved in a browser by both calls. A replay uses no browser."""
    async with Lab(port=0, state_dir=tmp_path) as lab:
        catalog = Catalog.load(extra_dirs=[lab.providers_dir])
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=lab.host_map, extra_ca=lab.ca_file)
        url = "https://interstitial.lab.test/countdown"
        async with Resolver(catalog=catalog, policy=policy) as resolver:
            awaited = await resolver.resolve(url)
        plain = await asyncio.to_thread(Resolver(catalog=catalog, policy=policy).resolve_sync, url)
        replayed = await Resolver(catalog=catalog, transport=Replay(build_har(()))).resolve(url)
    assert awaited.target_url == plain.target_url == "https://example.com/interstitial/countdown"
    assert replayed.reason is Reason.BROWSER_REQUIRED
    assert "needs a browser" in str(replayed.detail)
    assert replayed.service_failed


async def test_wrong_use(bench: Bench) -> None:
    """To enter twice, or to call synchronously what was entered for awaiting, raises an error at once."""
    async with of(bench) as resolver:
        with pytest.raises(RuntimeError, match="await"):
            resolver.resolve_sync("http://s.test/a")
        with pytest.raises(RuntimeError, match="entered already"):
            await resolver.__aenter__()


@pytest.mark.parametrize(
    ("reply", "error", "reason"),
    [
        (answer(404), LinkFailed, Reason.LINK_REMOVED),
        (to("file:///etc/passwd"), LinkInvalid, Reason.BAD_SCHEME),
        (to("http://127.0.0.1/"), LinkFailed, Reason.BLOCKED_ADDRESS),
    ],
)
async def test_errors(bench: Bench, reply: bytes, error: type[NotResolved], reason: Reason) -> None:
    """A call does not raise an error when a link fails. To require its target does, with all that is known."""
    bench.put("/a", reply)
    resolution = await of(bench).resolve("http://s.test/a")
    assert isinstance(resolution, Resolution)
    with pytest.raises(error) as raised:
        resolution.require_target()
    assert (raised.value.reason, raised.value.resolution) == (reason, resolution)
    assert isinstance(raised.value, linkskipper.LinkSkipperError)


async def test_the_guard_is_on(capfd: pytest.CaptureFixture[str]) -> None:
    """By default no private address is contacted, and the built-in providers are known. Nothing is printed."""
    resolution = await Resolver().resolve("http://t.co:22/abc")
    assert (resolution.provider, resolution.reason) == ("tco", Reason.BLOCKED_ADDRESS)
    assert capfd.readouterr() == ("", "")


def test_names() -> None:
    """The package has every public name, and no other."""
    assert all(getattr(linkskipper, name) for name in linkskipper.__all__)
    with pytest.raises(AttributeError):
        linkskipper.nothing  # type: ignore[attr-defined]  # noqa: B018


async def test_importing_is_light() -> None:
    """The import of the package loads almost nothing. That of the resolver loads nothing of the service."""
    script = (
        "import sys, time; began = time.process_time(); import linkskipper; took = time.process_time() - began;"
        "print(took < 0.5, 'selectolax' in sys.modules); from linkskipper import Resolver;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=PIPE)
    out, _ = await process.communicate()
    assert out.decode().splitlines() == ["True False", "[]"]
