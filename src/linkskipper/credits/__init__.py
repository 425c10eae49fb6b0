"""Credits: the balance of each account, the part held by jobs under way, and the ledger."""

from linkskipper.credits.ledger import Charge, LockedBalance, adjust, grant, hold, lock, settle
from linkskipper.credits.statement import LedgerEntry, Spending, find_charge, list_entries, read_spending

__all__ = [
    "Charge",
    "LedgerEntry",
    "LockedBalance",
    "Spending",
    "adjust",
    "find_charge",
    "grant",
    "hold",
    "list_entries",
    "lock",
    "read_spending",
    "settle",
]
