"""The cases of the threat model, over a socket, on all rows of the table of pages."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest

from linkskipper.dashboard.page import Access, PageRoute
from linkskipper.people import Role
from support.dashboard import make_user, visitor
from support.dashboard_scene import CHANGES, SHOWN, Scene, forget_scene, hostile_scene
from support.hostile import HOSTILE
from support.service import Service

ROLES = {Role.VIEWER: Access.VIEWER, Role.DEVELOPER: Access.DEVELOPER, Role.OWNER: Access.OWNER}
FORM = re.compile('<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
PUBLIC = {page.path for page in CHANGES if page.access is Access.PUBLIC}
FIELD = re.compile(' name="([^"]+)"')
KEPT = re.compile('name="form" value="([^"]*)"')
CROSS_SITE = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "", "Origin": "null"},
    {"Sec-Fetch-Site": "", "Origin": "http://evil.example"},
)


def name(page: PageRoute) -> str:
    return f"{page.method} {page.path}"


@pytest.fixture(scope="module")
async def scene(service: Service) -> AsyncIterator[Scene]:
    """The account of attacks. The switches of other tests stay as they were."""
    scene = await hostile_scene(service)
    yield scene
    await forget_scene(service)


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_page_has_its_headers(scene: Scene, page: PageRoute) -> None:
    """Each page is kept by no cache, cannot be framed, and allows only scripts with the nonce."""
    answer = await (await scene.operator()).get(scene.path(page))
    assert answer.status == 200, answer.visible_text
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    shown = re.sub(' value="[^"]*"', "", answer.text)  # a field sends its value back as it is
    for attack in ("<script>alert", "<img src=x", "<svg onload", '<div hx-get="/dashboard/out', "\u202e", "\u200b"):
        assert attack not in shown


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_page_refuses_what_it_does_not_know(scene: Scene, page: PageRoute) -> None:
    """Each parameter of a page takes an attack as text or refuses it. A parameter that it does not know is refused."""
    operator, path = await scene.operator(), scene.path(page)
    assert (await operator.get(f"{path}?unknown=x")).status == 400
    for field in msgspec.structs.fields(page.query_type):
        for text in HOSTILE:
            answer = await operator.get(f"{path}?{urlencode({field.encode_name: text})}")
            assert answer.status in {200, 400}
            for attack in ("<script>alert", "<img src=x", "<svg onload", '<div hx-get="/dashboard/out'):
                assert attack not in answer.text


@pytest.mark.parametrize("page", [page for page in SHOWN if "{" in page.path], ids=name)
async def test_page_of_nothing(scene: Scene, page: PageRoute) -> None:
    """Ids that do not exist, and texts that are not ids, get 404."""
    operator = await scene.operator()
    start = page.path.partition("{")[0]
    for wrong in ("9" * 18, "9" * 30, "x", "%00", "-1", "00000000-0000-0000-0000-000000000000"):
        assert (await operator.get(start + wrong)).status == 404


@pytest.mark.parametrize("page", [page for page in (*SHOWN, *CHANGES) if page.access > Access.PUBLIC], ids=name)
async def test_page_needs_a_session(scene: Scene, page: PageRoute) -> None:
    """Nobody sees or changes anything without a session."""
    guest = await visitor(scene.service)
    answer = await guest.send(page.method, scene.path(page))
    assert (answer.status, page.method) in {(303, "GET"), (401, "POST")}


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_forms_are_kept_without_a_session(scene: Scene, page: PageRoute) -> None:
    """A form of any page that is sent after the session ended is kept whole, unless it has a secret."""
    shown = (await (await scene.operator()).get(scene.path(page))).text
    guest = await visitor(scene.service)
    for action, content in FORM.findall(shown):
        fields = dict.fromkeys(FIELD.findall(content), "7")
        if action in PUBLIC or not fields:
            continue
        kept = KEPT.search((await guest.post(action, fields)).text)
        assert (kept is None) == bool(fields.keys() & {"password", "new_password", "code", "secret"}), action
        assert kept is None or dict(parse_qsl(unescape(kept[1]))) == fields


@pytest.mark.parametrize("page", CHANGES, ids=name)
@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
async def test_other_sites_change_nothing(scene: Scene, page: PageRoute, headers: dict[str, str]) -> None:
    """Each change is refused where another site may have caused it."""
    operator = await scene.operator()
    operator.headers = {header: value for header, value in headers.items() if value}
    assert (await operator.post(scene.path(page))).status == 403


@pytest.mark.parametrize("role", list(Role))
async def test_roles_hold_for_every_page(scene: Scene, role: Role) -> None:
    """A page for more rights answers 403 to a member, and the attempt is in the audit log."""
    member = await scene.member(role)
    refused = [page for page in (*SHOWN, *CHANGES) if page.access > ROLES[role]]
    assert len(refused) > 10
    for page in refused:
        answer = await member.send(page.method, scene.path(page))
        assert answer.status == 403, name(page)
        written = await scene.service.pool.fetchval(
            "SELECT count(*) FROM audit_log WHERE action = 'refused' AND request_id = $1 AND subject = $2",
            *(answer.headers["x-request-id"], f"{page.method} {scene.path(page)}"),
        )
        assert written == 1, name(page)


async def test_strangers_find_nothing(scene: Scene) -> None:
    """Data of an account do not exist for the owner of another one, and for a key of another account."""
    caller = await scene.service.caller()
    owner = await visitor(
        scene.service, await make_user(scene.service, f"other {caller.account_id}", caller.account_id)
    )
    guest = await visitor(scene.service)
    await guest.post("/dashboard/in", {"way": "key", "key": caller.key})
    pages = [page for page in (*SHOWN, *CHANGES) if "{" in page.path and page.access <= Access.OWNER]
    assert len(pages) > 5
    for page in pages:
        if page.path.endswith("/sessions/{session_id}"):
            continue  # a session belongs to a person, not to an account
        answer = await owner.send(page.method, scene.path(page))
        assert answer.status == 404, name(page)
        assert (await guest.send(page.method, scene.path(page))).status in {403, 404}, name(page)


async def test_fresh_proof(scene: Scene) -> None:
    """Pages that need a fresh proof of identity ask for it once the last one is old."""
    user_id = await make_user(scene.service, "old proof", scene.account_id, is_operator=True)
    person = await visitor(scene.service, user_id)
    await scene.service.pool.execute(
        "UPDATE sessions SET proven_at = now() - interval '11 minutes' WHERE user_id = $1", user_id
    )
    async with asyncio.timeout(60):
        while (await person.post("/dashboard/settings/second-factor")).status != 401:  # sessions are remembered
            await asyncio.sleep(0.05)
    pages = [page for page in (*SHOWN, *CHANGES) if page.fresh_proof]
    assert len(pages) > 5
    for page in pages:
        answer = await person.send(page.method, scene.path(page))
        assert (answer.status, "Is it you?" in answer.visible_text) == (401, True), name(page)


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_page_answers_by_known_names_only(scene: Scene, page: PageRoute) -> None:
    """A name that somebody points at this machine gets 421."""
    assert (await (await scene.operator()).get(scene.path(page), headers={"Host": "evil.example"})).status == 421
