"""The commands for accounts and keys: JSON on stdout, advice on stderr."""

import json
from pathlib import Path
from typing import Any

from linkskipper.accounts import Keyring, create_account, create_key
from linkskipper.database import Pool
from support.processes import run

SECRET = "s" * 32


async def test_accounts_and_keys(database_url: str, tmp_path: Path) -> None:
    """Accounts are created, listed, granted and corrected. Keys are created, listed, rolled and revoked."""
    settings: dict[str, Any] = {"LINKSKIPPER_DATABASE_URL": database_url, "LINKSKIPPER_SECRET_KEY": SECRET}

    async def good(*arguments: str) -> Any:
        ended = await run(*arguments, "--json", data_dir=tmp_path, **settings)
        assert (ended.code, ended.err) == (0, "")
        return json.loads(ended.out)

    account = await good("accounts", "create", "someone", "--credits", "7", "--telegram-id", "5")
    assert account == {"id": account["id"], "name": "someone", "balance": 7}
    account_id = str(account["id"])
    assert (await good("accounts", "grant", account_id, "3"))["balance"] == 10
    assert (await good("accounts", "correct", account_id, "--by", "-4", "--note", "a mistake"))["balance"] == 6
    for _ in range(2):
        assert (await good("accounts", "grant", account_id, "2", "--reference", "order 7"))["balance"] == 8
    ended = await run("accounts", "grant", account_id, "3", "--reference", "order 7", data_dir=tmp_path, **settings)
    assert (ended.code, "stands for another change" in ended.error) == (1, True)
    created = await good("keys", "create", "--account", account_id, "--rate-limit", "5", "--daily-quota", "9")
    assert set(created) == {"id", "key", "webhook_secret"}
    [listed] = await good("keys", "list")
    assert (listed["rate_limit"], listed["daily_quota"], listed["last_four"]) == (5, 9, created["key"][-4:])
    assert "hash" not in listed
    rolled = await good("keys", "roll", str(created["id"]), "--grace", "1")
    assert rolled["id"] == created["id"]
    assert rolled["key"] != created["key"]
    assert await good("keys", "revoke", str(created["id"])) == {"id": created["id"], "revoked": True}
    ended = await run("keys", "revoke", "999", **settings)
    expected = "linkskipper: Key 999 does not exist. To see all keys, run: linkskipper keys list"
    assert (ended.code, ended.error) == (1, expected)
    for too_large in (("keys", "list", "--account", str(2**63)), ("accounts", "grant", account_id, str(2**63 - 1))):
        ended = await run(*too_large, **settings)
        assert (ended.code, "too large" in ended.error) == (1, True)


async def test_vouchers(database_url: str) -> None:
    """Vouchers are made, listed without their codes, and revoked."""
    settings: dict[str, Any] = {"LINKSKIPPER_DATABASE_URL": database_url, "LINKSKIPPER_SECRET_KEY": SECRET}
    made = await run("vouchers", "create", "5", "--count", "2", "--note", "sold", "--json", **settings)
    codes = json.loads(made.out)
    assert [len(code) for code in codes] == [19, 19]
    listed = json.loads((await run("vouchers", "list", "--json", **settings)).out)
    assert [voucher["last_four"] for voucher in reversed(listed)] == [code[-4:] for code in codes]
    assert (await run("vouchers", "revoke", str(listed[0]["id"]), **settings)).code == 0
    table = (await run("vouchers", "list", **settings)).out
    assert "revoked" in table
    assert not [code for code in codes if code in table]


async def test_key_without_scope(database_url: str) -> None:
    """`--scope none` creates a key without scopes, and the list shows it."""
    settings: dict[str, Any] = {"LINKSKIPPER_DATABASE_URL": database_url, "LINKSKIPPER_SECRET_KEY": SECRET}
    account = json.loads((await run("accounts", "create", "a", "--json", **settings)).out)["id"]
    for scope in ("none", "resolve"):
        assert (await run("keys", "create", "--account", str(account), "--scope", scope, **settings)).code == 0
    keys = json.loads((await run("keys", "list", "--json", **settings)).out)
    assert [key["scopes"] for key in keys] == [[], ["resolve"]]
    assert "none" in (await run("keys", "list", **settings)).out


async def test_names_are_printed_as_written(database_url: str) -> None:
    """Tables show square brackets unchanged, although rich would read them as markup."""
    settings: dict[str, Any] = {"LINKSKIPPER_DATABASE_URL": database_url, "LINKSKIPPER_SECRET_KEY": SECRET}
    await run("accounts", "create", "[bold]A[/bold]", **settings)
    assert "[bold]A[/bold]" in (await run("accounts", "list", **settings)).out


async def test_keys_change_only_with_their_record(database_url: str, tmp_path: Path, pool: Pool) -> None:
    """A command that cannot write the audit log changes no key."""
    settings: dict[str, Any] = {"LINKSKIPPER_DATABASE_URL": database_url, "LINKSKIPPER_SECRET_KEY": SECRET}
    account = await create_account(pool, "a", credits=0)
    key = await create_key(pool, Keyring(SECRET.encode()), account.id, name="test")
    await pool.execute("ALTER TABLE audit_log ADD CONSTRAINT none CHECK (false)")
    before = await pool.fetch("SELECT * FROM api_keys")
    for arguments in (
        ("create", "--account", str(account.id)),
        ("roll", str(key.id)),
        ("roll-webhook-secret", str(key.id)),
        ("revoke", str(key.id)),
    ):
        assert (await run("keys", *arguments, data_dir=tmp_path, **settings)).code != 0
        assert await pool.fetch("SELECT * FROM api_keys") == before, arguments
