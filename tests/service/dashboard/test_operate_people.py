"""Operators and the accounts and people of the service."""

import asyncio

from linkskipper.people import Role
from support.dashboard import Visitor, login_code, make_user, visitor
from support.service import Service, fresh_link

OPERATE = "/dashboard/operate"


async def operator_of(service: Service, name: str) -> Visitor:
    caller = await service.caller()
    return await visitor(service, await make_user(service, name, caller.account_id, is_operator=True))


async def actions(service: Service, account_id: int) -> list[str]:
    rows = await service.pool.fetch("SELECT action FROM audit_log WHERE account_id = $1 ORDER BY id", account_id)
    return [row["action"] for row in rows]


async def test_operator_visits_an_account_as_its_viewer(service: Service) -> None:
    """An operator finds an account, sees its links, changes nothing there, and leaves. The visit is audited."""
    caller, operator = await service.caller(), await operator_of(service, "visiting operator")
    job_id = (await caller.resolve(fresh_link(), wait=10)).body["job_id"]
    path = f"{OPERATE}/accounts/{caller.account_id}"
    assert path in (await operator.get(f"{OPERATE}/accounts?text={caller.account_id}")).text
    assert (await operator.get(f"/dashboard/links/{job_id}")).status == 404
    assert (await operator.get(path)).status == 200
    cookie = operator.cookie
    assert (await operator.post(f"/dashboard/accounts/{caller.account_id}/enter")).headers["location"] == "/dashboard"
    assert operator.cookie != cookie
    page = await operator.get(f"/dashboard/links/{job_id}")
    assert (page.status, "You visit the account" in page.visible_text) == (200, True)
    assert (await operator.post(f"/dashboard/keys/{caller.key_id}/revoke")).status == 403
    assert (await operator.post("/dashboard/accounts/leave")).headers["location"] == path
    assert (await operator.get(f"/dashboard/links/{job_id}")).status == 404
    assert "You visit" not in (await operator.get(path)).visible_text
    assert (await actions(service, caller.account_id)) == ["account.enter", "refused"]


async def test_a_visit_ends_with_the_rights(service: Service) -> None:
    """An operator who is made a member again sees the visited account no longer."""
    caller, stranger = await service.caller(), await service.caller()
    user_id = await make_user(service, "former operator", caller.account_id, is_operator=True)
    former, operator = await visitor(service, user_id), await operator_of(service, "other operator")
    await former.post(f"/dashboard/accounts/{stranger.account_id}/enter")
    assert (await former.get("/dashboard")).status == 200
    assert (await operator.post(f"{OPERATE}/people/{user_id}/operator")).status == 303
    async with asyncio.timeout(60):
        while (await former.get("/dashboard")).status != 303:
            await asyncio.sleep(0.05)


async def test_members_switch_between_their_accounts_only(service: Service) -> None:
    """A member of two accounts moves between them, and into no other."""
    first, second, third = [await service.caller() for _ in range(3)]
    user_id = await make_user(service, "member of two", first.account_id, Role.DEVELOPER)
    operator = await operator_of(service, "giver of roles")
    form = {"account": str(second.account_id), "role": "owner"}
    assert (await operator.post(f"{OPERATE}/people/{user_id}/roles", form)).status == 303
    member = await visitor(service, user_id)
    assert (await member.post(f"/dashboard/accounts/{second.account_id}/enter")).status == 303
    assert f"/dashboard/keys/{second.key_id}" in (await member.get("/dashboard/keys")).text
    assert (await member.post(f"/dashboard/accounts/{third.account_id}/enter")).status == 404
    assert (await member.post("/dashboard/accounts/leave")).status == 403
    remove = f"{OPERATE}/people/{user_id}/accounts/{{}}/remove"
    assert (await operator.post(remove.format(second.account_id))).status == 303
    assert (await operator.post(remove.format(first.account_id))).status == 409
    for wrong in ({"account": "0", "role": "owner"}, {"account": "1", "role": "king"}, {"account": "9" * 9}):
        assert (await operator.post(f"{OPERATE}/people/{user_id}/roles", wrong)).status == 422


async def test_closed_account(service: Service) -> None:
    """The keys of a closed account can only read until it is opened again. Nobody can close it a second time."""
    caller, operator = await service.caller(), await operator_of(service, "closing operator")
    path = f"{OPERATE}/accounts/{caller.account_id}"
    assert (await operator.post(f"{path}/close", {"note": ""})).status == 422
    assert (await caller.resolve(fresh_link())).status == 202
    assert (await operator.post(f"{path}/close", {"note": "does not pay"})).status == 303
    async with asyncio.timeout(60):
        while (await caller.resolve(fresh_link())).status != 403:
            await asyncio.sleep(0.05)
    assert (await caller.get("/v1/account")).status == 200
    assert (await operator.post(f"{path}/close", {"note": "late"})).status == 409
    assert (await operator.post(f"{path}/reopen")).status == 303
    assert (await operator.post(f"{path}/reopen")).status == 409
    async with asyncio.timeout(60):
        while (await caller.resolve(fresh_link())).status != 202:
            await asyncio.sleep(0.05)
    assert (await actions(service, caller.account_id)) == ["account.close", "account.reopen"]


async def test_invitation(service: Service) -> None:
    """An operator invites a person, whose link works once, and makes another one later."""
    caller, operator = await service.caller(), await operator_of(service, "inviting operator")
    form = {"new_name": "Invited", "account": str(caller.account_id), "role": "viewer"}
    for wrong in ({"new_name": ""}, {"account": "999999999"}, {"account": "x"}, {"role": "king"}):
        assert (await operator.post(f"{OPERATE}/people", {**form, **wrong})).status == 422
    made = await operator.post(f"{OPERATE}/people", form)
    code = made.text.partition("/dashboard/in#")[2].partition('"')[0]
    assert (await operator.post(f"{OPERATE}/people", form)).status == 422
    guest = await visitor(service)
    assert (await guest.sign_in(code)).status == 303
    assert (await guest.sign_in(code)).status == 422
    user_id = await service.pool.fetchval("SELECT id FROM users WHERE name = 'Invited'")
    path = f"{OPERATE}/people/{user_id}"
    assert path in (await operator.get(f"{OPERATE}/people?text=INVIT")).text
    again = await operator.post(f"{path}/link")
    assert (await guest.sign_in(again.text.partition("/dashboard/in#")[2].partition('"')[0])).status == 303
    assert (await operator.post(f"{path}/disable")).status == 303
    assert (await operator.post(f"{path}/link")).status == 409
    assert (await guest.sign_in(await login_code(service.pool, user_id))).status == 422
    assert (await operator.post(f"{path}/enable")).status == 303
    assert (await operator.post(f"{path}/sessions/end")).status == 303


async def test_audit_filters(service: Service) -> None:
    """The log is found by action, account and text, and pages of it join without gaps."""
    caller, operator = await service.caller(), await operator_of(service, "reading operator")
    for _ in range(60):
        await operator.post(f"/dashboard/accounts/{caller.account_id}/enter")
        await operator.post("/dashboard/accounts/leave")
    query = f"account={caller.account_id}&action=account.enter&text=reading"
    first = await operator.get(f"{OPERATE}/audit?{query}")
    assert first.text.count("<code>account.enter</code>") == 50
    older = first.text.rpartition(' rel="next"')[0].rpartition('href="')[2].rstrip('"').replace("&amp;", "&")
    second = await operator.get(older)
    assert second.text.count("<code>account.enter</code>") == 10
    assert 'rel="next"' not in second.text
    assert "No entry matches" in (await operator.get(f"{OPERATE}/audit?{query}x")).visible_text
