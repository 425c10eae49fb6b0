"""The pages for operators of the service, each a module here and its rows in PAGES."""

from linkskipper.dashboard.page import PageRoute
from linkskipper.dashboard.pages.operate import (
    account,
    accounts,
    audit,
    booking,
    egress,
    hosts,
    now,
    people,
    person,
    provider,
    providers,
    queue,
    system,
    vouchers,
)

MODULES = (
    *(now, accounts, account, booking, vouchers, providers, provider, queue, hosts),
    *(egress, people, person, audit, system),
)
PAGES: tuple[PageRoute, ...] = tuple(page for module in MODULES for page in module.PAGES)
