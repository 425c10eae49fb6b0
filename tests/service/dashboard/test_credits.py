"""Vouchers, grants and corrections in the pages."""

import asyncio
import re

from linkskipper.accounts import create_account, get_account
from linkskipper.credits import list_entries
from linkskipper.people import Role
from support.dashboard import Visitor, make_user, visitor
from support.service import Service

VOUCHERS = "/dashboard/operate/vouchers"
CODE = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b")
TERMS = {"credits": "5", "count": "2", "uses": "1", "days": "30", "note": "sold"}


async def person(service: Service, *, operator: bool = False, role: Role = Role.OWNER) -> tuple[Visitor, int]:
    """A person with an account of their own without credits."""
    account = await create_account(service.pool, "money", credits=0)
    user_id = await make_user(service, f"money {account.id}", account.id, role, is_operator=operator)
    return await visitor(service, user_id), account.id


async def balance(service: Service, account_id: int) -> int:
    return (await get_account(service.pool, account_id)).balance


async def test_vouchers_are_made_and_redeemed(service: Service) -> None:
    """An operator makes codes that are shown once. Simultaneous redemptions of one code grant it once."""
    operator, _ = await person(service, operator=True)
    codes = CODE.findall((await operator.post(VOUCHERS, TERMS)).text)
    assert len(codes) == 2
    listed = (await operator.get(VOUCHERS)).visible_text
    assert codes[0] not in listed
    assert f"…{codes[0][-4:]}" in listed
    people = [await person(service) for _ in range(4)]
    answers = await asyncio.gather(
        *(buyer.post("/dashboard/credits/redeem", {"voucher": codes[0]}) for buyer, _ in people * 2)
    )
    assert sorted(answer.status for answer in answers) == [303, *[422] * 7]
    assert sorted([await balance(service, account_id) for _, account_id in people]) == [0, 0, 0, 5]
    buyer, account_id = people[0]
    before = await balance(service, account_id)
    assert (
        await buyer.post("/dashboard/credits/redeem", {"voucher": codes[1].lower().replace("-", " ")})
    ).status == 303
    assert await balance(service, account_id) == before + 5
    assert f"voucher …{codes[1][-4:]}" in (await buyer.get("/dashboard/credits")).visible_text


async def test_revoked_voucher(service: Service) -> None:
    """A voucher that was revoked is refused like one that does not exist."""
    operator, _ = await person(service, operator=True)
    (code,) = CODE.findall((await operator.post(VOUCHERS, TERMS | {"count": "1"})).text)
    page = (await operator.get(VOUCHERS)).text
    path = re.search(rf'action="({VOUCHERS}/\d+/revoke)"><button[^>]*…{code[-4:]}"', page)
    assert path is not None
    assert (await operator.post(path[1])).status == 303
    buyer, account_id = await person(service)
    refused = await buyer.post("/dashboard/credits/redeem", {"voucher": code})
    unknown = await buyer.post("/dashboard/credits/redeem", {"voucher": "0000-0000-0000-0000"})
    assert refused.visible_text.replace(code, "") == unknown.visible_text.replace("0000-0000-0000-0000", "")
    assert await balance(service, account_id) == 0
    assert (await operator.post(f"{VOUCHERS}/999999999/revoke")).status == 404


async def test_bounds_of_vouchers(service: Service) -> None:
    """Values over their limits are refused next to their fields, and what was typed stays."""
    operator, _ = await person(service, operator=True)
    for name, value in (("credits", "1000001"), ("count", "1001"), ("uses", "0"), ("days", "3651"), ("note", "")):
        page = await operator.post(VOUCHERS, TERMS | {name: value})
        assert page.status == 422
        assert f'id="{name}-error"' in page.text
    assert (await operator.get(f"{VOUCHERS}?before=x")).status == 400


async def test_grants_and_corrections(service: Service) -> None:
    """An operator adds credits with a reference, which counts once, and takes back what is available."""
    operator, _ = await person(service, operator=True)
    _, account_id = await person(service)
    path = f"/dashboard/operate/accounts/{account_id}/credits"
    grant = {"kind": "grant", "credits": "10", "note": "paid", "reference": f"order {account_id}"}
    assert [(await operator.post(path, grant)).status for _ in range(2)] == [303, 303]
    assert await balance(service, account_id) == 10
    other = await operator.post(path, grant | {"credits": "11"})
    assert "stands for another change" in other.visible_text
    refused = await operator.post(path, {"kind": "take", "credits": "11", "note": "too much"})
    assert "Only 10 credits are available" in refused.visible_text
    assert (await operator.post(path, {"kind": "take", "credits": "4", "note": "mistake"})).status == 303
    assert await balance(service, account_id) == 6
    entries = (await list_entries(service.pool, account_id, before=None, limit=9)).rows
    assert [(entry.amount, entry.note, entry.reference) for entry in entries] == [
        (-4, "mistake", None),
        (10, "paid", f"order {account_id}"),
    ]
    assert all(entry.actor and entry.actor.startswith("money") for entry in entries)
    for form in (grant | {"kind": "steal"}, grant | {"credits": "0"}, grant | {"note": " "}):
        assert (await operator.post(path, form)).status == 422
    assert (await operator.get("/dashboard/operate/accounts/999999999/credits")).status == 404


async def test_who_may_do_what(service: Service) -> None:
    """Only operators make vouchers and book credits. A viewer redeems nothing. Each refusal is in the audit log."""
    owner, account_id = await person(service)
    viewer, viewed = await person(service, role=Role.VIEWER)
    for path, form in (
        (VOUCHERS, TERMS),
        (f"{VOUCHERS}/1/revoke", {}),
        (f"/dashboard/operate/accounts/{account_id}/credits", {"kind": "grant", "credits": "1", "note": "me"}),
    ):
        assert (await owner.post(path, form)).status == 403
    assert (await viewer.post("/dashboard/credits/redeem", {"voucher": "x"})).status == 403
    rows = "SELECT count(*) FROM audit_log WHERE account_id = ANY($1) AND action = 'refused'"
    assert await service.pool.fetchval(rows, [account_id, viewed]) == 4
    assert await balance(service, account_id) == 0


async def test_guesses_end(service: Service) -> None:
    """The eleventh wrong code in an hour is refused before it is looked up."""
    buyer, _ = await person(service)
    for _ in range(10):
        page = await buyer.post("/dashboard/credits/redeem", {"voucher": "0000-0000-0000-0000"})
        assert "This code is not valid" in page.visible_text
    page = await buyer.post("/dashboard/credits/redeem", {"voucher": "0000-0000-0000-0000"})
    assert "Too many codes were wrong" in page.visible_text
