"""The pages for operators of the service, each a module here and its rows in PAGES."""

from linkskipper.dashboard.page import PageRoute
from linkskipper.dashboard.pages.operate import account, accounts, audit, booking, people, person, vouchers

PAGES: tuple[PageRoute, ...] = tuple(
    page for module in (accounts, account, booking, vouchers, people, person, audit) for page in module.PAGES
)
