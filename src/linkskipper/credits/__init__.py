"""Credits: the balance of each account, the part held by jobs under way, and the ledger."""

from linkskipper.credits.ledger import Charge, LockedBalance, adjust, grant, hold, lock, settle

__all__ = ["Charge", "LockedBalance", "adjust", "grant", "hold", "lock", "settle"]
