"""Credits: each account's balance, what of it is held for jobs under way, and the ledger behind it."""

from linkskipper.credits.ledger import Charge, LockedBalance, correct, grant, hold, lock, settle

__all__ = ["Charge", "LockedBalance", "correct", "grant", "hold", "lock", "settle"]
