"""Sign-in, cookies, other sites, names of the host and roles, over real sockets."""

import asyncio
import re
from collections import Counter
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from linkskipper.accounts import create_account, find_account_key, revoke_key
from linkskipper.dashboard.page import Access, PageRoute
from linkskipper.dashboard.pages import PAGES
from linkskipper.dashboard.pages.stream import MAX_STREAMS
from linkskipper.people import Role
from support.dashboard import Visitor, exchange, login_code, make_user, visitor
from support.service import Service, fresh_link

PASSWORD = "correct horse battery"
HEADERS = {
    "cache-control": "no-store",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


def path_of(page: PageRoute, **values: str) -> str:
    """Return a path of a page. Parameters without a value are 1."""
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], "1"), page.path)


async def account(service: Service) -> int:
    return (await create_account(service.pool, "test", credits=10)).id


async def prove_later(service: Service) -> None:
    """Let the proofs of all sessions grow old."""
    await service.pool.execute("UPDATE sessions SET proven_at = now() - interval '11 minutes'")
    await asyncio.sleep(1)


async def test_link_signs_in_by_post_only(service: Service) -> None:
    """A GET of a link uses nothing up. A POST signs in, with a cookie that no script reads and no other site sends."""
    user_id = await make_user(service, "link", await account(service))
    code = await login_code(service.pool, user_id)
    guest = await visitor(service)
    for path in (f"/dashboard/in?link={code}", f"/dashboard/in?next=/dashboard&code={code}"):
        assert (await guest.get(path)).status == 400
    assert (await guest.get("/dashboard/in")).status == 200
    signed_in = await guest.sign_in(code)
    assert (signed_in.status, signed_in.headers["location"]) == (303, "/dashboard")
    (cookie,) = signed_in.cookies
    assert re.fullmatch(r"linkskipper=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", cookie)
    assert (await guest.get("/dashboard")).status == 200
    again = await (await visitor(service)).sign_in(code)
    assert (again.status, again.cookies) == (422, [])


async def test_id_of_a_session_is_never_the_client_s(service: Service) -> None:
    """An id that the browser brings along is replaced at sign-in, and ends."""
    user_id = await make_user(service, "fixed", await account(service))
    guest = await visitor(service)
    guest.cookie = chosen = "attacker-chosen"
    await guest.sign_in(await login_code(service.pool, user_id))
    assert guest.cookie != chosen
    first = guest.cookie
    await guest.sign_in(await login_code(service.pool, user_id))
    assert guest.cookie != first
    for stale in (chosen, first):
        other = Visitor(service.url, service.session, stale)
        assert (await other.get("/dashboard")).status == 303


async def test_sign_out(service: Service) -> None:
    """The session ends at once, and its cookie opens nothing any more."""
    person = await visitor(service, await make_user(service, "out", await account(service)))
    stale = person.cookie
    assert (await person.post("/dashboard/out")).headers["location"] == "/dashboard/in?done=signed-out"
    assert (await Visitor(service.url, service.session, stale).get("/dashboard")).status == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Origin": "{url}"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "{url}0"}, 403),
        ({"Origin": "{url}.evil.example"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({}, 403),
        ({"Referer": "{url}/dashboard"}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/dashboard/in", "/dashboard/settings/name"])
async def test_other_sites(service: Service, path: str, headers: dict[str, str], status: int) -> None:
    """A form counts only if the browser says that a page of the dashboard sent it. That holds for the sign-in too."""
    person = await visitor(service, user_id := await make_user(service, f"site {uuid4()}", await account(service)))
    form = {"name": f"renamed {user_id}"}
    if path == "/dashboard/in":
        form = {"way": "link", "link": await login_code(service.pool, user_id)}
    person.headers = {name: value.replace("{url}", service.url) for name, value in headers.items()}
    assert (await person.post(path, form)).status == status
    name = await service.pool.fetchval("SELECT name FROM users WHERE id = $1", user_id)
    links = await service.pool.fetchval("SELECT count(*) FROM login_links WHERE user_id = $1", user_id)
    changed = links == 0 if path == "/dashboard/in" else name.startswith("renamed")
    assert (status == 303) == changed


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("{netloc}", 200),
        ("localhost:{port}", 200),
        ("LOCALHOST", 200),
        ("127.9.9.9:1", 200),
        ("[::1]:{port}", 200),
        ("evil.example:{port}", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("user@localhost", 421),
        ("192.168.1.5:{port}", 421),
        ("", 421),
        ("localhost/x", 421),
        ("localhost:port", 421),
    ],
)
async def test_names_of_the_host(service: Service, host: str, status: int) -> None:
    """The dashboard answers only by names that nobody can point at this machine from outside."""
    netloc = service.url.removeprefix("http://")
    named = host.format(netloc=netloc, port=netloc.partition(":")[2])
    answer = await exchange(netloc, "GET /dashboard/in HTTP/1.1", f"Host: {named}")
    assert answer.status == status
    assert b"evil.example/" not in answer.body


async def test_forwarded_names_count_nothing(service: Service) -> None:
    """X-Forwarded-Host neither opens a name nor gets into an address."""
    netloc = service.url.removeprefix("http://")
    forged = ("X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https", "Forwarded: host=evil.example")
    answer = await exchange(netloc, "GET /dashboard HTTP/1.1", f"Host: {netloc}", *forged)
    assert answer.status in {303, 401}
    assert b"evil" not in answer.body
    assert not [value for _, value in answer.headers if b"evil" in value]
    twice = await exchange(netloc, "GET /dashboard/in HTTP/1.1", f"Host: {netloc}", f"Host: {netloc}")
    assert twice.status in {400, 421}
    refused = await exchange(netloc, "GET /dashboard/in HTTP/1.1", "Host: evil.example", f"X-Forwarded-Host: {netloc}")
    assert refused.status == 421


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "/%5cevil.example", "/%2f%2fevil.example", "https:evil.example", "/\tevil",
     "/dashboard/../..//evil", "/dashboard/..%2f", "javascript:alert(1)", "/docs", "/dashboard/none",
     "/dashboard//evil", "/dashboard@evil.example", "\n/dashboard"],
)  # fmt: skip
async def test_sign_in_leads_to_the_dashboard_only(service: Service, target: str) -> None:
    """After a sign-in the browser goes to a known page, whatever the address of the sign-in page said."""
    user_id = await make_user(service, f"next {target!r}", await account(service))
    guest = await visitor(service)
    shown = await guest.get(f"/dashboard/in?{urlencode({'next': target})}")
    assert 'name="next" value="/dashboard"' in shown.text
    form = {"way": "link", "link": await login_code(service.pool, user_id), "next": target}
    assert (await guest.post("/dashboard/in", form)).headers["location"] == "/dashboard"


async def test_form_is_kept_over_a_sign_in(service: Service) -> None:
    """A form that meets an ended session is sent after the sign-in, and after the proof that it needs."""
    account_id = await account(service)
    user_id = await make_user(service, "kept", account_id)
    person = await visitor(service, user_id)
    person.cookie = "ended"
    form = {"name": 'my "key" <b>', "rate_limit": "60", "daily_quota": "", "resolve": "on"}
    asked = await person.post("/dashboard/keys", form)
    assert asked.status == 401
    kept = {"next": "/dashboard/keys", "form": urlencode(form)}
    assert "What you typed is kept" in asked.text
    person.cookie = ""
    signed_in = await person.post(
        "/dashboard/in", {"way": "link", "link": await login_code(service.pool, user_id), **kept}
    )
    assert (signed_in.status, 'value="my &#34;key&#34; &lt;b&gt;"' in signed_in.text) == (200, True)
    await prove_later(service)
    proof = await person.post("/dashboard/keys", form)
    assert (proof.status, "Is it you?" in proof.text) == (401, True)
    stale = person.cookie
    proven = await person.post("/dashboard/prove", {"link": await login_code(service.pool, user_id), **kept})
    assert (proven.status, "Send it now" in proven.text) == (200, True)
    assert person.cookie != stale
    made = await person.post("/dashboard/keys", form)
    assert "This is the only time" in made.text


async def test_secrets_are_not_kept_in_pages(service: Service) -> None:
    """A form with a password is not kept. Its page has to be opened again."""
    person = await visitor(service, await make_user(service, "secretive", await account(service)))
    await prove_later(service)
    asked = await person.post("/dashboard/settings/password", {"new_password": PASSWORD})
    assert (asked.status, PASSWORD in asked.text) == (401, False)


async def test_known_and_unknown_names_are_answered_alike(service: Service) -> None:
    """A wrong password of a known name and any password of an unknown name get the same page."""
    user_id = await make_user(service, "known", await account(service))
    person = await visitor(service, user_id)
    assert (await person.post("/dashboard/settings/password", {"new_password": PASSWORD})).status == 303
    answers = []
    for name in ("known", "nobody"):
        guest = await visitor(service)
        answer = await guest.post("/dashboard/in", {"way": "password", "name": name, "password": "wrong", "code": ""})
        answers.append((answer.status, re.sub(r"known|nobody|nonce=\"[^\"]*\"", "", answer.text)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 422
    right = await (await visitor(service)).post(
        "/dashboard/in", {"way": "password", "name": "Known", "password": PASSWORD}
    )
    assert right.status == 303


async def test_stream_ends_with_its_session(service: Service) -> None:
    """An open stream ends within about a second after the session was ended elsewhere."""
    user_id = await make_user(service, "stream", await account(service))
    person = await visitor(service, user_id)
    headers = {"Cookie": f"linkskipper={person.cookie}", "Accept": "text/event-stream"}
    async with service.session.get("/dashboard/stream", headers=headers) as response:
        assert response.content_type == "text/event-stream"
        assert await response.content.readuntil(b"\n\n") == b"event: jobs\ndata:\n\n"
        await service.pool.execute("DELETE FROM sessions WHERE user_id = $1", user_id)
        async with asyncio.timeout(2.5):
            assert b"event" not in await response.content.read()
    async with service.session.get("/dashboard/stream", headers=headers) as response:
        assert response.status == 401


@pytest.mark.attack
async def test_many_streams_at_once(service: Service) -> None:
    """A session that asks for many streams at the same moment gets as many as one that asks for them in turn."""
    person = await visitor(service, await make_user(service, "streams", await account(service)))
    headers = {"Cookie": f"linkskipper={person.cookie}", "Accept": "text/event-stream"}
    responses = await asyncio.gather(
        *(service.session.get("/dashboard/stream", headers=headers) for _ in range(3 * MAX_STREAMS))
    )
    counts = Counter(response.status for response in responses)
    for response in responses:
        response.close()
    assert counts == {200: MAX_STREAMS, 429: 2 * MAX_STREAMS}


async def test_stream_names_what_changed(service: Service) -> None:
    """A job of the account is announced by a name only. Jobs of other accounts are not."""
    caller, stranger = await service.caller(), await service.caller()
    person = await visitor(service, await make_user(service, "watcher", caller.account_id))
    headers = {"Cookie": f"linkskipper={person.cookie}"}
    async with service.session.get("/dashboard/stream", headers=headers) as response:
        await response.content.readuntil(b"\n\n")
        await stranger.resolve(fresh_link(), wait=10)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await response.content.readuntil(b"data:\n\n")
        await caller.resolve(fresh_link(), wait=10)
        async with asyncio.timeout(60):
            received = await response.content.readuntil(b"data:\n\n")
    assert received.replace(b":\n\n", b"").strip() == b"event: jobs\ndata"


async def test_key_session_reads_only_its_key(service: Service) -> None:
    """A pasted key opens pages about that key's links. It ends within a second after the key is revoked."""
    caller = await service.caller()
    other = await service.caller(account_id=caller.account_id)
    await caller.resolve(fresh_link(), wait=10)
    job = await other.resolve(fresh_link(), wait=10)
    guest = await visitor(service)
    assert (await guest.post("/dashboard/in", {"way": "key", "key": f" {caller.key} "})).status == 303
    home = await guest.get("/dashboard")
    assert home.status == 200
    assert str(job.body["job_id"]) not in home.text
    assert "Credits available" not in home.text
    for page in PAGES:
        if page.access > Access.KEY:
            path = path_of(page, key_id=str(caller.key_id))
            assert (await guest.send(page.method, path)).status == 403
    await revoke_key(service.pool, caller.key_id)
    await asyncio.sleep(1)
    assert (await guest.get("/dashboard")).status == 303


@pytest.mark.parametrize("role", Role)
async def test_roles(service: Service, role: Role) -> None:
    """Each page and action is refused to each role that lacks the rights, and the refusal is written down."""
    caller = await service.caller()
    ranks = {Role.VIEWER: Access.VIEWER, Role.DEVELOPER: Access.DEVELOPER, Role.OWNER: Access.OWNER}
    user_id = await make_user(service, f"role-{role}", caller.account_id, role)
    for page in PAGES:
        person = await visitor(service, user_id)
        path = path_of(page, key_id=str(caller.key_id))
        if page.path.endswith("/stream"):
            continue
        answer = await person.send(page.method, path)
        assert (answer.status == 403) == (page.access > ranks[role]), page
    refusals = await service.pool.fetchval(
        "SELECT count(*) FROM audit_log WHERE user_id = $1 AND action = 'refused'", user_id
    )
    assert refusals == sum(page.access > ranks[role] for page in PAGES)
    key = await find_account_key(service.pool, caller.account_id, caller.key_id)
    assert key is not None
    assert key.revoked_at is None


async def test_pages_without_a_session(service: Service) -> None:
    """Each page but the sign-in asks for a sign-in, and changes nothing."""
    await make_user(service, "somebody", await account(service))
    for page in PAGES:
        if page.access is Access.PUBLIC:
            continue
        path = path_of(page)
        answer = await (await visitor(service)).send(page.method, path)
        assert answer.status == (401 if page.method == "POST" else 303)
        assert HEADERS.items() <= answer.headers.items()


async def test_things_of_other_accounts_do_not_exist(service: Service) -> None:
    """A key and a session of another account are answered like ones that never existed, whatever the action."""
    owner = await service.caller()
    stranger_id = await make_user(service, "stranger", await account(service))
    stranger = await visitor(service, stranger_id)
    victim = await visitor(service, await make_user(service, "victim", owner.account_id))
    session_id = await service.pool.fetchval("SELECT max(id) FROM sessions")
    form = {"name": "x", "rate_limit": "1", "last_four": owner.key[-4:], "grace": "0", "secret_grace": "0"}
    for path in ("/dashboard/keys/{}", "/dashboard/keys/{}/roll", "/dashboard/keys/{}/revoke"):
        answers = [await stranger.post(path.format(key_id), form) for key_id in (owner.key_id, 10**9)]
        assert [answer.status for answer in answers] == [404, 404]
    for session in (session_id, 10**9, "x", "9" * 30):
        assert (await stranger.post(f"/dashboard/settings/sessions/{session}")).status == 404
    assert (await victim.get("/dashboard")).status == 200
    assert (await owner.get("/v1/account")).status == 200


async def test_headers_of_every_answer(service: Service) -> None:
    """Pages, errors and redirects forbid frames, scripts and caches. Files are kept by their hash."""
    person = await visitor(service, await make_user(service, "headers", await account(service)))
    paths = ("/dashboard", "/dashboard/", "/dashboard/in", "/dashboard/none", "/dashboard/keys?x=1", "/dashboardx")
    nonces = set()
    for path in paths:
        answer = await person.get(path)
        assert HEADERS.items() <= answer.headers.items()
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        nonces.add(re.search("nonce-([^']*)", policy))
    assert len(nonces) == len(paths)
    file = re.search(r"/dashboard/static/[^\"]*app\.css", (await person.get("/dashboard")).text)
    assert file is not None
    style = await person.get(file[0])
    assert (style.status, style.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert (await person.get("/dashboard/static/../app.css")).status in {404, 303}


@pytest.mark.parametrize("body", [b"name=\xff", b"a=1&" * 200, b"name=a%00b", b"x" * 70_000])
async def test_broken_forms(service: Service, body: bytes) -> None:
    """Forms that no browser sends get an error page."""
    person = await visitor(service, await make_user(service, f"broken {len(body)} {body[-1]}", await account(service)))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await person.send("POST", "/dashboard/settings/name", data=body, headers=headers)
    assert answer.status in {400, 413}
    json = await person.send(
        "POST", "/dashboard/settings/name", data=b"{}", headers={"Content-Type": "application/json"}
    )
    assert json.status == 415


async def test_unknown_parameters_are_refused(service: Service) -> None:
    """A parameter or a value that a page does not know gets a page that says what is possible."""
    person = await visitor(service, await make_user(service, "query", await account(service)))
    unknown = await person.get("/dashboard?x=%3Cscript%3E")
    assert (unknown.status, "does not know the parameter x" in unknown.visible_text) == (400, True)
    wrong = await person.get("/dashboard/keys?done=%3Cscript%3E")
    assert wrong.status == 400
    assert "It may be " in wrong.visible_text
    assert "key-changed" in wrong.visible_text
    assert "<script>" not in wrong.text
    assert (await person.get("/dashboard/keys?done=key-changed")).status == 200
    assert (await person.get("/dashboard?done=%ff")).status == 400


async def test_long_names_and_floods(service: Service) -> None:
    """A name of any length is refused like others, and refused attempts stop to fill the audit log."""
    await make_user(service, "flooded", await account(service))
    guest = await visitor(service)
    form = {"way": "password", "name": "é" * 5000, "password": "wrong", "code": "x" * 5000}
    statuses = [(await guest.post("/dashboard/in", form)).status for _ in range(8)]
    assert statuses == [422] * 5 + [429] * 3
    logged = await service.pool.fetch("SELECT subject FROM audit_log WHERE subject LIKE 'éééé%'")
    assert [len(row["subject"]) for row in logged] == [65] * 5
