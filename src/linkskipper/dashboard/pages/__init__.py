"""The pages of the dashboard, each a module here and its rows in PAGES."""

from linkskipper.dashboard.page import PageRoute
from linkskipper.dashboard.pages import (
    credits,
    exports,
    home,
    key,
    keys,
    link,
    links,
    operate,
    providers,
    requests,
    settings,
    sign_in,
    stream,
    try_link,
    verifier,
    webhooks,
)

PAGES: tuple[PageRoute, ...] = tuple(
    page
    for module in (
        *(
            sign_in,
            stream,
            home,
            try_link,
            exports,
            links,
            link,
            requests,
            webhooks,
            verifier,
            credits,
            providers,
            keys,
            key,
            settings,
        ),
        operate,
    )
    for page in module.PAGES
)
