"""Credits: each account's balance, what of it is held for jobs under way, and the ledger behind it."""

from linkskipper.credits.ledger import Charge, Purse, correct, grant, hold, lock, settle

__all__ = ["Charge", "Purse", "correct", "grant", "hold", "lock", "settle"]
