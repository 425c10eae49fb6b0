"""The menu of the dashboard."""

from collections.abc import Sequence
from typing import NamedTuple

from linkskipper.people import Session

HOME = "/dashboard"
OPERATE = "/dashboard/operate"
HOMES = (HOME, OPERATE)


class MenuItem(NamedTuple):
    """A page in the menu. `letter` opens it after the key g. Operators' pages are for operators alone."""

    title: str
    path: str
    letter: str
    people_only: bool = False
    operators_only: bool = False


MENU = (
    MenuItem("Home", HOME, "h"),
    MenuItem("Try", "/dashboard/try", "t", people_only=True),
    MenuItem("Links", "/dashboard/links", "l"),
    MenuItem("Keys", "/dashboard/keys", "k", people_only=True),
    MenuItem("Requests", "/dashboard/requests", "r", people_only=True),
    MenuItem("Webhooks", "/dashboard/webhooks", "w"),
    MenuItem("Credits", "/dashboard/credits", "c", people_only=True),
    MenuItem("Providers", "/dashboard/providers", "p"),
    MenuItem("Settings", "/dashboard/settings", "s", people_only=True),
    MenuItem("Now", OPERATE, "n", operators_only=True),
    MenuItem("Accounts", "/dashboard/operate/accounts", "a", operators_only=True),
    MenuItem("Vouchers", "/dashboard/operate/vouchers", "v", operators_only=True),
    MenuItem("Providers", "/dashboard/operate/providers", "o", operators_only=True),
    MenuItem("Queue", "/dashboard/operate/queue", "q", operators_only=True),
    MenuItem("Hosts", "/dashboard/operate/hosts", "d", operators_only=True),
    MenuItem("Egress", "/dashboard/operate/egress", "e", operators_only=True),
    MenuItem("People", "/dashboard/operate/people", "u", operators_only=True),
    MenuItem("Audit", "/dashboard/operate/audit", "i", operators_only=True),
    MenuItem("System", "/dashboard/operate/system", "y", operators_only=True),
)


def menu(session: Session | None, path: str) -> Sequence[tuple[MenuItem, bool]]:
    """Return the items that a session may open, and whether each one is open now."""
    if session is None:
        return ()
    return [(item, _is_open(item, path)) for item in MENU if _may_open(session, item)]


def _may_open(session: Session, item: MenuItem) -> bool:
    if item.operators_only:
        return session.is_operator
    return session.user_id is not None or not item.people_only


def _is_open(item: MenuItem, path: str) -> bool:
    return path == item.path or (item.path not in HOMES and path.startswith(f"{item.path}/"))
