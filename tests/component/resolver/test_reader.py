"""The processes that read large pages: what ends them, and what their end costs others."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable

import psutil
import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.egress import Response, parse_url
from linkskipper.resolver import PageReader, Stop
from linkskipper.resolver.pages.page import SMALL_BYTES, SMALL_TAGS, Page
from linkskipper.resolver.questions import find_links, has_element

SECONDS = 5.0


def page(body: bytes = b"<p>x</p>" * SMALL_TAGS + b"<a class=go href=/x>") -> Page:
    """Return a page, by default one that is not small."""
    return Page(Response(parse_url("http://s.test/"), 200, CIMultiDictProxy(CIMultiDict()), body, "text/html", None))


def readers() -> list[psutil.Process]:
    """Return the reader processes of this process."""
    return [child for child in psutil.Process().children() if "resolver.reader" in command_of(child)]


def command_of(process: psutil.Process) -> str:
    """Return the command line of a process, or nothing if it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie too
        return ""


# Functions that a reader can be asked to call. It finds them by the path of this process.


def busy(_: Page) -> None:
    """Use the processor without end, in C code that no signal handler of Python interrupts."""
    sum(range(10**15))


def crash(_: Page) -> None:
    """End the process as an error in a C library would."""
    os.kill(os.getpid(), signal.SIGSEGV)


def swallow(_: Page) -> None:
    """Use more memory than allowed."""
    bytearray(1024**3)


def environment(_: Page) -> list[str]:
    """Return the names of the variables that the process sees."""
    return sorted(os.environ)


def wait(_: Page) -> None:
    """Do nothing for a long time."""
    time.sleep(60)


@pytest.fixture
async def reader() -> AsyncIterator[PageReader]:
    async with PageReader() as reader:
        yield reader
    assert readers() == []


async def works(reader: PageReader) -> bool:
    """Return whether an ordinary page is read."""
    return bool((await reader.call(has_element, page(), SECONDS, "a.go")).result)


async def test_it_starts_with_the_first_page(reader: PageReader) -> None:
    """A reader starts when it is needed, and then serves one page after the other."""
    assert readers() == []
    first = page()
    for _ in range(3):
        links = (await reader.call(find_links, first, SECONDS, "a.go", "href")).result
        assert [link.text for link in links] == ["/x"]
        assert await works(reader)
    assert len(readers()) == 1


@pytest.mark.parametrize(
    ("question", "reason"), [(busy, "body_too_large"), (swallow, "body_too_large"), (crash, "upstream_error")]
)
async def test_a_reader_that_ends(reader: PageReader, question: Callable[[Page], None], reason: str) -> None:
    """A page that takes too long, needs too much memory or crashes its reader ends only its own link."""
    assert await works(reader)
    others = [works(reader) for _ in range(3)]
    stop, *ends = await asyncio.gather(reader.call(question, page(), 0.2), *others, return_exceptions=True)
    assert isinstance(stop, Stop)
    assert (stop.reason, ends) == (reason, [True] * 3)
    assert await works(reader)


async def test_a_link_that_is_cancelled(reader: PageReader) -> None:
    """A reader whose link has ended is killed. Another one starts when it is needed."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await reader.call(wait, page(), SECONDS)
    assert await works(reader)


async def test_its_environment(reader: PageReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader sees no secrets of its parent."""
    monkeypatch.setenv("LINKSKIPPER_SECRET", "secret")
    names = (await reader.call(environment, page(), SECONDS)).result
    assert "PATH" in names
    assert not any(name.startswith("LINKSKIPPER") for name in names)


@pytest.mark.parametrize("is_busy", [False, True])
async def test_no_orphans(*, is_busy: bool) -> None:
    """A reader ends after its parent was killed, even if a page keeps it busy."""
    question = "t.busy, t.page(), 1.0" if is_busy else "t.has_element, t.page(), 1.0, 'p'"
    program = (
        "import asyncio, component.resolver.test_reader as t\n"
        "async def main():\n"
        "    async with t.PageReader() as reader:\n"
        "        await reader.call(t.has_element, t.page(), 1.0, 'p')\n"
        "        print(t.readers()[0].pid, flush=True)\n"
        f"        await reader.call({question})\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    await asyncio.sleep(0.1)
    parent.kill()
    await parent.wait()
    await asyncio.to_thread(child.wait, 30)


def test_small_pages() -> None:
    """A page is small up to a number of bytes and of tags."""
    assert page(b"x" * SMALL_BYTES).is_small
    assert not page(b"x" * (SMALL_BYTES + 1)).is_small
    assert page(b"<" * SMALL_TAGS).is_small
    assert not page(b"<" * (SMALL_TAGS + 1)).is_small
