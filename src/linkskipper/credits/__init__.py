"""Credits: the balance of each account, the part held by jobs under way, and the ledger."""

from linkskipper.credits.drift import count_drifted_accounts, watching_ledger
from linkskipper.credits.ledger import Charge, LockedBalance, adjust, grant, hold, lock, settle
from linkskipper.credits.statement import LedgerEntry, Spending, find_charge, list_entries, read_spending
from linkskipper.credits.topup import TopupLink, topup_links
from linkskipper.credits.vouchers import (
    MAX_CREDITS,
    MAX_DAYS,
    MAX_NOTE_CHARACTERS,
    MAX_USES,
    MAX_VOUCHERS,
    Redemption,
    Voucher,
    VoucherTerms,
    create_vouchers,
    list_vouchers,
    prune_voucher_failures,
    redeem_voucher,
    revoke_voucher,
)

__all__ = [
    "MAX_CREDITS",
    "MAX_DAYS",
    "MAX_NOTE_CHARACTERS",
    "MAX_USES",
    "MAX_VOUCHERS",
    "Charge",
    "LedgerEntry",
    "LockedBalance",
    "Redemption",
    "Spending",
    "TopupLink",
    "Voucher",
    "VoucherTerms",
    "adjust",
    "count_drifted_accounts",
    "create_vouchers",
    "find_charge",
    "grant",
    "hold",
    "list_entries",
    "list_vouchers",
    "lock",
    "prune_voucher_failures",
    "read_spending",
    "redeem_voucher",
    "revoke_voucher",
    "settle",
    "topup_links",
    "watching_ledger",
]
