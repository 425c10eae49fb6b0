"""A recorded link can be replayed, and ends as it did when it was recorded."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest

from linkskipper.catalog import Catalog, Provider
from linkskipper.cli.recording import RecordingResolver
from linkskipper.egress import Client, CookieJar, Policy, parse_url
from linkskipper.egress.har import Har, NotRecorded, Replay, build_har, read_har
from linkskipper.egress.har.model import PostData
from linkskipper.errors import HarError
from linkskipper.resolver import USER_AGENT, Hop, PageReader, Resolution
from support.replay import replay
from support.shortener import TARGET, Bench, answer, page, provider, to

pytestmark = pytest.mark.slow

CATALOG = Catalog([Provider.model_validate(provider())])


def steps(hops: tuple[Hop, ...]) -> list[tuple[str, str | None, int | None]]:
    """Return hops without their times."""
    return [(hop.url, hop.mechanism, hop.status) for hop in hops]


@pytest.fixture
async def recorder(bench: Bench) -> AsyncIterator[RecordingResolver]:
    """Yield a recorder that reaches the test's shortener."""
    policy = Policy.parse(
        ports=["80"], allow=[], host_map=[f"s.test:80=127.0.0.1:{bench.shortener.port}"], extra_ca=None
    )
    async with Client(policy, user_agent=USER_AGENT) as client:
        yield RecordingResolver(CATALOG, client, PageReader())


async def replayed(recorder: RecordingResolver, path: str = "/a") -> tuple[Resolution, Resolution, Har]:
    """Record a link, write and read the file, and replay it. Return both resolutions and the file."""
    first = await recorder.resolve(f"http://s.test{path}")
    har = build_har(recorder.recorded)
    ((outcome, then),) = await replay(har, CATALOG)
    assert (outcome.target_url, outcome.reason) == (first.target_url, first.reason)
    return first, then, har


@pytest.mark.parametrize(
    "answers",
    [
        [to(TARGET)],
        [to("/b", "Set-Cookie: n=1"), to(TARGET)],
        [answer(503), to(TARGET)],
        [answer(404)],
        [b""],
        [b"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nhalf"],
        [b"HTTP/1.1 200 X\r\nContent-Encoding: rot13\r\nContent-Length: 9\r\n\r\nscrambled"],
        [b"HTTP/1.1 200 X\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"],
        [to("http://10.0.0.1/"), to(TARGET)],
        [page(f"<script>location='{TARGET}?ü'</script>")],
        [
            b"HTTP/1.1 200 X\r\nContent-Type: text/html; charset=windows-1251\r\nContent-Length: 50\r\n\r\n"
            + "<script>location='https://example.com/ж'</script>".encode("cp1251").ljust(50)
        ],
        [b"HTTP/1.1 302 X\r\nContent-Length: 0\r\nLocation: https://example.com/\xfc\xff\xd0\xb6\r\n\r\n"],
        [answer(200, "X-Bytes: \xff\xfe", body="<p>\x00\ufeff\u2028</p>")],
    ],
)
async def test_a_recording_ends_as_the_visit_did(
    bench: Bench, recorder: RecordingResolver, answers: list[bytes]
) -> None:
    """Redirects, retries, failures in the middle, charsets and raw bytes come back hop by hop."""
    bench.put("/a", *answers)
    bench.put("/b", to(TARGET))
    first, then, _ = await replayed(recorder)
    assert (then.target_url, then.reason, then.detail) == (first.target_url, first.reason, first.detail)
    assert steps(then.hops) == steps(first.hops)


@pytest.mark.parametrize("when", ["", "; Expires=in an hour", "; Max-Age=60"])
async def test_a_cookie_gate_is_passed_later_too(bench: Bench, recorder: RecordingResolver, when: str) -> None:
    """A page that asks for its cookie gets what the jar holds, on the same day and years later."""
    expires = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    cookie = f"Set-Cookie: seen=1{when.replace('in an hour', expires)}"
    bench.put("/a", lambda head: to(TARGET) if "Cookie: seen=1" in head else to("/a", cookie))
    _, then, har = await replayed(recorder)
    assert then.target_url == TARGET
    for entry in har.log.entries:
        entry.started_date_time -= timedelta(days=1000)
        for header in entry.response.headers:
            header.value = header.value.replace(
                expires, format_datetime(entry.started_date_time + timedelta(hours=1), usegmt=True)
            )
    ((_, much_later),) = await replay(har, CATALOG)
    assert much_later.target_url == TARGET


async def test_a_cookie_that_was_deleted_stays_so() -> None:
    """A cookie that had expired when it was recorded has expired when it is replayed."""
    jar, url = CookieJar(), parse_url("http://s.test/a")
    jar.store(url, ["a=1"])
    await Replay(by_hand(headers={"Set-Cookie": "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"})).fetch(url, jar=jar)
    assert jar.header(url) is None


def by_hand(url: str = "http://s.test/a", *, headers: dict[str, str], **response: object) -> Har:
    """Return a file with the least that a recording must hold."""
    fields = [{"name": name, "value": value} for name, value in headers.items()]
    entry = {"request": {"url": url}, "response": {"status": 302, "headers": fields, **response}}
    pages = [{"_outcome": {"url": url, "targetUrl": TARGET}}]
    return msgspec.convert({"log": {"entries": [entry], "pages": pages}}, Har)


async def test_a_file_written_by_hand() -> None:
    """A request's URL and an answer's status and headers are enough for a recording."""
    ((outcome, resolution),) = await replay(by_hand(headers={"location": TARGET}), CATALOG)
    assert resolution.target_url == outcome.target_url == TARGET


@pytest.mark.parametrize("text", ["abcde", "\u00fc"])
async def test_what_is_not_in_base64(text: str) -> None:
    """A body that claims to be base64 and is not is an error of the file."""
    har = by_hand(headers={}, content={"text": text, "encoding": "base64"})
    with pytest.raises(HarError, match=re.escape("http://s.test/a")):
        await Replay(har).fetch(parse_url("http://s.test/a"))


async def test_a_time_without_a_zone() -> None:
    """A time without a zone is in UTC."""
    har = by_hand(headers={"Set-Cookie": "a=1; Expires=Fri, 02 Jan 2026 00:00:00 GMT"})
    har.log.entries[0].started_date_time = datetime(2026, 1, 1)  # noqa: DTZ001 - what is tested
    jar, url = CookieJar(), parse_url("http://s.test/a")
    await Replay(har).fetch(url, jar=jar)
    assert jar.header(url) == "a=1"


async def test_what_was_not_recorded_is_a_mistake_of_the_test() -> None:
    """A request that the recording does not hold raises an error. It does not end the link with a reason."""
    with pytest.raises(NotRecorded, match=re.escape("GET http://s.test/b")):
        await replay(by_hand(headers={"Location": "/b"}), CATALOG)


async def test_posted_bodies_tell_entries_apart() -> None:
    """Two forms that were sent to one URL have a response each. A form that was never sent has none."""
    har = by_hand(headers={})
    har.log.entries *= 2
    for number, entry in enumerate(har.log.entries):
        request = msgspec.structs.replace(entry.request, method="POST", post_data=PostData(text=f"n={number}"))
        har.log.entries[number] = msgspec.structs.replace(
            entry, request=request, response=msgspec.structs.replace(entry.response, status=200 + number)
        )
    send = partial(Replay(har).fetch, parse_url("http://s.test/a"), method="POST")
    assert [(await send(body=f"n={number}".encode())).status for number in (1, 0, 1)] == [201, 200, 201]
    with pytest.raises(NotRecorded):
        await send(body=b"n=2")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"log": {}}', '{"log": {"entries": [{}]}}', "\xff"])
def test_what_is_no_har(tmp_path: Path, text: str) -> None:
    """A file that is not HAR and a file that does not exist give an error of one line."""
    (tmp_path / "x.har").write_bytes(text.encode("latin-1"))
    for file in (tmp_path / "x.har", tmp_path / "none.har", tmp_path):
        with pytest.raises(HarError, match=file.name):
            read_har(file)


REQUIRED = {
    "log": {"version", "creator", "entries"},
    "page": {"startedDateTime", "id", "title", "pageTimings"},
    "entry": {"startedDateTime", "time", "request", "response", "cache", "timings", "pageref"},
    "request": {
        "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize",
    },
    "response": {
        "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize",
        "bodySize",
    },
    "content": {"size", "mimeType"},
    "timings": {"send", "wait", "receive"},
}  # fmt: skip


async def test_the_form_of_a_file(bench: Bench, recorder: RecordingResolver) -> None:
    """A file has everything that HAR 1.2 requires, and says what was sent and received."""
    bench.put("/a?x=%20y&z", to("/b", "Set-Cookie: n=1; Path=/"))
    bench.put("/b", page(f"<script>location='{TARGET}'</script>"))
    await recorder.resolve("http://s.test/a?x=%20y&z#f")
    log = json.loads(msgspec.json.encode(build_har(recorder.recorded)))["log"]
    assert REQUIRED["log"] <= set(log)
    assert REQUIRED["page"] <= set(log["pages"][0])
    for entry in log["entries"]:
        assert REQUIRED["entry"] <= set(entry)
        for part in ("request", "response", "timings"):
            assert REQUIRED[part] <= set(entry[part])
        assert REQUIRED["content"] <= set(entry["response"]["content"])
        assert entry["time"] == pytest.approx(sum(entry["timings"].values()), abs=0.01)
    first, second = log["entries"]
    assert (log["version"], first["pageref"]) == ("1.2", log["pages"][0]["id"])
    assert first["request"]["url"] == "http://s.test/a?x=%20y&z"
    assert first["request"]["queryString"] == [{"name": "x", "value": " y"}, {"name": "z", "value": ""}]
    assert first["response"]["redirectURL"] == "/b"
    assert {"name": "n", "value": "1"} in first["response"]["cookies"]
    assert second["request"]["cookies"] == [{"name": "n", "value": "1"}]
    assert {"name": "User-Agent", "value": USER_AGENT} in second["request"]["headers"]
    assert "<script>" in second["response"]["content"]["text"]
