"""Vouchers: codes that operators make and accounts redeem for credits."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import asyncpg
import msgspec

from linkskipper.credits import queries
from linkskipper.credits.ledger import LedgerChange, book_once
from linkskipper.database import Connection, Pool
from linkskipper.database.batch_delete import in_batches
from linkskipper.errors import TooManyVoucherTries, UnknownRecordError, VoucherRefused

CodeHash: TypeAlias = Callable[[str], bytes]
"""The keyed hash of a text. Without the secret of the service, nobody finds codes from a stolen table."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32
CODE_CHARACTERS = 16
GROUP = 4
MISREAD = str.maketrans("OIL", "011")
MAX_CREDITS = 1_000_000
MAX_VOUCHERS = 1000  # made at once
MAX_USES = 1_000_000
MAX_DAYS = 3650
MAX_NOTE_CHARACTERS = 500
TRIES = 10
TRIES_WINDOW = timedelta(hours=1)


class VoucherTerms(msgspec.Struct, frozen=True):
    """What a voucher gives. Each account can redeem it once, and all accounts together `max_uses` times."""

    credits: int
    max_uses: int
    lifetime: timedelta
    note: str


class Voucher(msgspec.Struct, frozen=True):
    """A voucher without its code."""

    id: int
    last_four: str
    credits: int
    max_uses: int
    uses: int
    note: str
    actor: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    is_expired: bool

    @property
    def state(self) -> str:
        """Whether it can be redeemed: "valid", or why not."""
        if self.revoked_at is not None:
            return "revoked"
        if self.uses >= self.max_uses:
            return "used"
        return "expired" if self.is_expired else "valid"


class Redemption(msgspec.Struct, frozen=True):
    """What a redeemed voucher gave, and the new balance."""

    voucher_id: int
    credits: int
    balance: int


def new_code() -> str:
    """Return a random code of 80 bits in groups of four characters."""
    characters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARACTERS))
    return "-".join(characters[begin : begin + GROUP] for begin in range(0, CODE_CHARACTERS, GROUP))


def read_code(text: str) -> str | None:
    """Return the characters of a code as a person typed it, or None if it cannot be one."""
    code = "".join(text.upper().replace("-", " ").split()).translate(MISREAD)
    return code if len(code) == CODE_CHARACTERS and set(code) <= set(ALPHABET) else None


async def create_vouchers(
    connection: Connection, code_hash: CodeHash, terms: VoucherTerms, *, count: int, actor: str
) -> list[str]:
    """Make vouchers inside the caller's transaction. Return their codes, which cannot be read again."""
    codes = [new_code() for _ in range(count)]
    hashes = [_hash(code_hash, code.replace("-", "")) for code in codes]
    await connection.execute(
        queries.CREATE_VOUCHERS,
        hashes,
        [code[-GROUP:] for code in codes],
        *(terms.credits, terms.max_uses, terms.note, actor, terms.lifetime),
    )
    return codes


async def redeem_voucher(pool: Pool, code_hash: CodeHash, text: str, *, account_id: int, actor: str) -> Redemption:
    """Grant the credits of a voucher to an account, once.

    Each try counts as a failure until it succeeds, so that tries at the same time cannot exceed the limit.

    Raises:
        VoucherRefused: The code is unknown, used, expired or revoked. The error does not say which.
        TooManyVoucherTries: TRIES codes of the account failed within TRIES_WINDOW.
    """
    failure_id = await pool.fetchval(queries.ADD_VOUCHER_FAILURE, account_id)
    failures: int = await pool.fetchval(queries.COUNT_VOUCHER_FAILURES, account_id, TRIES_WINDOW)
    if failures > TRIES:
        await pool.execute(queries.FORGIVE_VOUCHER_FAILURE, failure_id)
        raise TooManyVoucherTries(TRIES_WINDOW)
    code = read_code(text)
    if code is None:
        raise VoucherRefused
    async with pool.acquire() as connection, connection.transaction():
        redemption = await _redeem(connection, _hash(code_hash, code), account_id, actor)
        await connection.execute(queries.FORGIVE_VOUCHER_FAILURE, failure_id)
    return redemption


async def _redeem(connection: Connection, hashed: bytes, account_id: int, actor: str) -> Redemption:
    """Redeem a voucher inside the caller's transaction. Its row stays locked, so that accounts take turns."""
    voucher = await connection.fetchrow(queries.USE_VOUCHER, hashed, account_id)
    if voucher is None:
        raise VoucherRefused
    reference = queries.VOUCHER_REFERENCE.format(voucher["id"], account_id)
    note = f"voucher …{voucher['last_four']}"
    try:
        balance = await book_once(
            connection, LedgerChange(account_id, "grant", voucher["credits"], note, reference, actor)
        )
    except asyncpg.UniqueViolationError:
        raise VoucherRefused from None
    return Redemption(voucher["id"], voucher["credits"], balance)


async def list_vouchers(pool: Pool, *, before: int | None, limit: int) -> Sequence[Voucher]:
    """List vouchers, the newest first. `before` is the id of a voucher."""
    return [Voucher(**row) for row in await pool.fetch(queries.VOUCHERS, before, limit)]


async def revoke_voucher(connection: Connection, voucher_id: int) -> None:
    """Revoke a voucher. Credits that it gave before stay.

    Raises:
        UnknownRecordError: No voucher has this id.
    """
    if await connection.fetchval(queries.REVOKE_VOUCHER, voucher_id) is None:
        raise UnknownRecordError.of(f"Voucher {voucher_id}", "vouchers")


async def prune_voucher_failures(connection: Connection, *, batch: int) -> int:
    """Delete failures that the limit does not count any more. Return the number deleted."""
    return await in_batches(connection, queries.PRUNE_VOUCHER_FAILURES, TRIES_WINDOW, batch=batch)


def _hash(code_hash: CodeHash, code: str) -> bytes:
    return code_hash(f"voucher {code}")
