"""Accounts, API keys and the secrets that protect them."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.accounts import (
    Authenticator,
    Keyring,
    create_account,
    create_key,
    list_accounts,
    list_keys,
    load_keyring,
    revoke_key,
    roll_key,
    tokens,
)
from linkskipper.database import Pool
from linkskipper.errors import InvalidKey, SettingsError, UnknownRecordError
from linkskipper.settings import Settings, load

KEYRING = Keyring(b"secret")


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


async def new_key(pool: Pool) -> str:
    account = await create_account(pool, "test", credits=10)
    return (await create_key(pool, KEYRING, account.id, name="test")).key


def settings(data_dir: Path, **others: object) -> Settings:
    return load(data_dir=data_dir, **others)


async def test_new_account_gets_its_grant(pool: Pool) -> None:
    """The first credits are a ledger row."""
    account = await create_account(pool, "test", credits=10, telegram_id=7)
    assert (account.balance, account.held, account.telegram_id) == (10, 0, 7)
    assert await pool.fetchval("SELECT sum(amount) FROM ledger WHERE account_id = $1", account.id) == 10
    assert (await create_account(pool, "empty", credits=0)).balance == 0
    assert [account.name for account in await list_accounts(pool)] == ["test", "empty"]


async def test_key_is_shown_once_and_stored_hashed(pool: Pool) -> None:
    """The database stores neither the key nor its webhook secret in plain text."""
    account = await create_account(pool, "test", credits=0)
    made = await create_key(pool, KEYRING, account.id, name="test")
    stored = str(dict(await pool.fetchrow("SELECT * FROM api_keys") or {}))
    assert made.key not in stored
    assert made.webhook_secret not in stored
    assert made.webhook_secret.startswith("whsec_")
    [listed] = await list_keys(pool)
    assert (listed.prefix, listed.last_four) == (made.key[:12], made.key[-4:])
    secret = await pool.fetchval("SELECT webhook_secret FROM api_keys")
    assert KEYRING.decrypt(secret) == made.webhook_secret


async def test_valid_key_is_accepted(pool: Pool) -> None:
    """A valid key is accepted with its scopes and limits. The case of the scheme does not matter."""
    key = await new_key(pool)
    authenticator = Authenticator(pool, KEYRING)
    for scheme in ("Bearer", "bearer", "BEARER"):
        api_key = await authenticator.authenticate(f"{scheme} {key}")
        assert (api_key.scopes, api_key.rate_limit, api_key.daily_quota) == (("resolve",), 60, None)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic dTpw",
        "{key}",
        "Basic {key}",
        "Bearer {key}x",
        "Bearer x{key}",
        "Bearer {other}",
    ],
)
async def test_other_headers_are_refused_alike(pool: Pool, header: str | None) -> None:
    """Missing, malformed and unknown keys get the same answer, also while the valid key is cached."""
    key = await new_key(pool)
    authenticator = Authenticator(pool, KEYRING)
    await authenticator.authenticate(f"Bearer {key}")
    tried = header and header.replace("{key}", key).replace("{other}", tokens.new_key())
    with pytest.raises(InvalidKey, match="Send a valid key"):
        await authenticator.authenticate(tried)


async def test_revoked_key_stops_within_a_second(pool: Pool) -> None:
    """A process that cached the key refuses it within a second after it was revoked."""
    key = await new_key(pool)
    clock = Clock()
    authenticator = Authenticator(pool, KEYRING, clock=clock)
    api_key = await authenticator.authenticate(f"Bearer {key}")
    await revoke_key(pool, api_key.id)
    clock.now = 1.0
    with pytest.raises(InvalidKey):
        await authenticator.authenticate(f"Bearer {key}")


async def test_rolled_key(pool: Pool) -> None:
    """Both values work as one key in the grace time. The old value ends with the grace time or with the next roll."""
    account = await create_account(pool, "test", credits=0)
    first = await create_key(pool, KEYRING, account.id, name="test")
    second = await roll_key(pool, KEYRING, first.id, grace=timedelta(hours=1))
    assert second.webhook_secret == first.webhook_secret
    authenticator = Authenticator(pool, KEYRING)
    ids = {(await authenticator.authenticate(f"Bearer {made.key}")).id for made in (first, second)}
    assert ids == {first.id}
    third = await roll_key(pool, KEYRING, first.id, grace=timedelta(0))
    for gone in (first, second):
        with pytest.raises(InvalidKey):
            await Authenticator(pool, KEYRING).authenticate(f"Bearer {gone.key}")
    await revoke_key(pool, first.id)
    with pytest.raises(InvalidKey):
        await Authenticator(pool, KEYRING).authenticate(f"Bearer {third.key}")
    with pytest.raises(UnknownRecordError, match="Key 1 does not exist or is revoked"):
        await roll_key(pool, KEYRING, first.id, grace=timedelta(hours=1))


async def test_last_use_is_written(pool: Pool) -> None:
    """The time of a key's last use is written outside the request path."""
    authenticator = Authenticator(pool, KEYRING)
    await authenticator.authenticate(f"Bearer {await new_key(pool)}")
    assert (await list_keys(pool))[0].last_used_at is None
    await authenticator.flush_last_used()
    assert (await list_keys(pool))[0].last_used_at is not None


async def test_unknown_ids(pool: Pool) -> None:
    """Unknown accounts and keys raise an error that names them."""
    with pytest.raises(UnknownRecordError, match="Account 7 does not exist"):
        await create_key(pool, KEYRING, 7, name="test")
    with pytest.raises(UnknownRecordError, match="Key 7 does not exist"):
        await revoke_key(pool, 7)


@given(st.text())
def test_garbage_is_not_well_formed(text: str) -> None:
    """A text without a valid checksum is refused without a query."""
    assert not tokens.well_formed(text)


def test_one_wrong_character_is_detected() -> None:
    """The checksum detects any single wrong character."""
    key = tokens.new_key()
    assert tokens.well_formed(key)
    for index in range(len(key)):
        assert not tokens.well_formed(key[:index] + ("a" if key[index] != "a" else "b") + key[index + 1 :])


async def test_secret_is_created_once(data_dir: Path) -> None:
    """Processes that start together share one secret. Only the owner can read its file."""
    rings = await asyncio.gather(*(asyncio.to_thread(load_keyring, settings(data_dir)) for _ in range(8)))
    assert len({ring.hash("key") for ring in rings}) == 1
    assert (data_dir / "secret.key").stat().st_mode & 0o077 == 0
    assert [file.name for file in data_dir.iterdir()] == ["secret.key"]


def test_secret_from_the_setting(data_dir: Path) -> None:
    """A configured secret is used as it is, creates no file, and must have 32 characters."""
    ring = load_keyring(settings(data_dir, secret_key="s" * 32))
    assert ring.hash("key") == Keyring(b"s" * 32).hash("key")
    assert not data_dir.exists()
    with pytest.raises(SettingsError, match="at least 32"):
        load_keyring(settings(data_dir, secret_key="s" * 31))
