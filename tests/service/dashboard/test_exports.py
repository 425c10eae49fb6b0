"""Downloads: whole lists, in pages, with the filters of their pages, and safe for programs for tables."""

import asyncio
import csv
import gc
import io
import json
import socket
from urllib.parse import urlencode

import pytest

from linkskipper.dashboard.export import PAGE_ROWS, cell
from linkskipper.dashboard.pages.exports import MAX_DOWNLOADS
from linkskipper.request_log import LoggedRequest, RequestLog
from support.dashboard import Visitor, login_code, make_user, visitor
from support.factories import make_hostile_jobs, make_jobs
from support.hostile import HOSTILE
from support.service import Caller, Service

LISTS = ("links", "credits", "requests")
FORMULAS = ("=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff20A1", " =1", "  +1")


async def person_of(service: Service, caller: Caller) -> Visitor:
    return await visitor(service, await make_user(service, f"exports {caller.account_id}", caller.account_id))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def slow_download(service: Service, person: Visitor) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin a download of all links that holds little that was not read from it. Return it after its head."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, port = service.url.removeprefix("http://").split(":")
    await asyncio.get_running_loop().run_in_executor(None, client.connect, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=client, limit=4096)
    head = ("GET /dashboard/links/export HTTP/1.1", f"Host: {host}:{port}", f"Cookie: linkskipper={person.cookie}")
    writer.write("\r\n".join([*head, "Connection: close", "", ""]).encode())
    assert (await reader.readline()).split()[1] == b"200"
    return reader, writer


async def test_all_links_in_both_formats(service: Service) -> None:
    """A file has each link once, the newest first, over many pages."""
    caller = await service.caller()
    ids = [str(job_id) for job_id in await make_jobs(service.pool, caller.key_id, ["done"] * (2 * PAGE_ROWS + 1))]
    person = await person_of(service, caller)
    table = await person.get("/dashboard/links/export")
    assert table.headers["content-disposition"] == 'attachment; filename="linkskipper-links.csv"'
    assert table.headers["cache-control"] == "no-store"
    assert [row["id"] for row in rows_of(table.text)] == ids[::-1]
    lines = (await person.get("/dashboard/links/export?format=ndjson")).text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids[::-1]


async def test_filters_hold_for_files(service: Service) -> None:
    """A file has the rows of the filter, and wrong values are refused."""
    caller = await service.caller()
    await make_jobs(service.pool, caller.key_id, ["done", "failed", "done"])
    person = await person_of(service, caller)
    rows = rows_of((await person.get("/dashboard/links/export?status=failed")).text)
    assert [row["status"] for row in rows] == ["failed"]
    for path in (f"/dashboard/{name}/export" for name in LISTS):
        for query in ("format=xlsx", "status=none", "other=1"):
            assert (await person.get(f"{path}?{query}")).status == 400


async def test_formulas_become_text(service: Service) -> None:
    """No cell of a table begins a formula. Lines of JSON hold the texts as they are."""
    caller = await service.caller()
    texts = (*FORMULAS, *HOSTILE)
    await make_hostile_jobs(service.pool, caller.key_id, texts)
    person = await person_of(service, caller)
    rows = rows_of((await person.get("/dashboard/links/export")).text)
    assert [row["url"] for row in rows] == [cell(text) for text in reversed(texts)]
    for row in rows:
        assert not [value for value in row.values() if value.strip().startswith(("=", "+", "-", "@", "\uff1d"))]
    lines = (await person.get("/dashboard/links/export?format=ndjson")).text.split("\n")
    assert [json.loads(line)["url"] for line in lines if line] == list(reversed(texts))


async def test_ledger_and_requests(service: Service) -> None:
    """The ledger keeps its numbers as numbers. The requests have their codes."""
    caller = await service.caller(credits=5)
    log = RequestLog(service.pool)
    log.add(
        LoggedRequest(
            *(await service.pool.fetchval("SELECT now()"), caller.account_id, caller.key_id, "id-1", "GET", "/v1/x"),
            *(404, "not_found", 1.5, None),
        )
    )
    await log.write()
    person = await person_of(service, caller)
    (entry,) = rows_of((await person.get("/dashboard/credits/export")).text)
    assert (entry["kind"], entry["amount"], entry["note"]) == ("grant", "5", "new account")
    (request,) = rows_of((await person.get("/dashboard/requests/export?code=not_found")).text)
    assert (request["request_id"], request["status"]) == ("id-1", "404")


@pytest.mark.parametrize("name", LISTS)
async def test_files_of_others(service: Service, name: str) -> None:
    """A file has nothing of other accounts, and nobody gets one without a session."""
    caller, stranger = await service.caller(), await service.caller()
    await make_jobs(service.pool, caller.key_id, ["done"])
    path = f"/dashboard/{name}/export"
    assert (await (await visitor(service)).get(path)).status == 303
    own = rows_of((await (await person_of(service, stranger)).get(f"{path}?{urlencode({'format': 'csv'})}")).text)
    assert len(own) == (1 if name == "credits" else 0)  # the grant of the new account


@pytest.mark.parametrize("text", FORMULAS)
def test_cells(text: str) -> None:
    """Each beginning of a formula gets a quotation mark. Numbers and plain texts stay."""
    assert cell(text) == f"'{text}"
    assert [cell(value) for value in ("a=1", "https://example.com/", "", -3, None)] == [
        *("a=1", "https://example.com/", "", -3, None)
    ]


@pytest.mark.parametrize("name", LISTS)
async def test_files_need_a_fresh_proof(service: Service, name: str) -> None:
    """A person with an old proof proves again, and downloads with the same filter. The session of a key need not."""
    caller = await service.caller()
    user_id = await make_user(service, f"proof {name} {caller.account_id}", caller.account_id)
    person, path = await visitor(service, user_id), f"/dashboard/{name}/export?format=ndjson"
    await service.pool.execute(
        "UPDATE sessions SET proven_at = now() - interval '11 minutes' WHERE user_id = $1", user_id
    )
    async with asyncio.timeout(10):
        while (asked := await person.get(path)).status != 401:  # sessions are remembered
            await asyncio.sleep(0.05)
    assert f'name="next" value="{path}"' in asked.text
    form = {"next": path, "link": await login_code(service.pool, user_id)}
    ready = await person.post("/dashboard/prove", form)
    assert "Download the file" in ready.visible_text
    assert f'<form method="get" action="/dashboard/{name}/export">' in ready.text
    assert '<input type="hidden" name="format" value="ndjson">' in ready.text
    assert (await person.get(path)).headers["content-type"] == "application/x-ndjson"
    guest = await visitor(service)
    await guest.post("/dashboard/in", {"way": "key", "key": caller.key})
    assert (await guest.get(path)).status == (200 if name == "links" else 403)


@pytest.mark.attack
async def test_a_download_ends_with_its_session(service: Service) -> None:
    """A slow client gets no further rows once its session was ended, and sees that the file is not whole."""
    caller = await service.caller()
    rows = 4 * PAGE_ROWS  # several times what the system holds for a connection
    await make_hostile_jobs(service.pool, caller.key_id, ["x" * 2000] * rows)
    person = await person_of(service, caller)
    reader, writer = await slow_download(service, person)
    assert (await person.post("/dashboard/out")).status == 303
    content = await reader.read()
    writer.close()
    assert 0 < content.count(b'\r\n"') < rows
    assert not content.endswith(b"0\r\n\r\n")


@pytest.mark.attack
async def test_downloads_at_the_same_time(service: Service) -> None:
    """A person has a few downloads at a time, over all their sessions. One that ends makes room for the next."""
    caller = await service.caller()
    await make_hostile_jobs(service.pool, caller.key_id, ["x" * 2000] * (2 * PAGE_ROWS))
    user_id = await make_user(service, f"downloads {caller.account_id}", caller.account_id)
    people = [await visitor(service, user_id) for _ in range(MAX_DOWNLOADS)]
    writers = [(await slow_download(service, person))[1] for person in people]
    assert (await people[0].get("/dashboard/credits/export")).status == 429
    assert (await (await person_of(service, caller)).get("/dashboard/credits/export")).status == 200
    gc.disable()  # a response that is cut is closed at once
    try:
        for writer in writers:
            writer.close()
        async with asyncio.timeout(60):
            while (await people[0].get("/dashboard/credits/export")).status != 200:
                await asyncio.sleep(0.05)
    finally:
        gc.enable()
