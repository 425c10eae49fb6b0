"""The pages of the dashboard, each a module here and its rows in PAGES."""

from linkskipper.dashboard.page import PageRoute
from linkskipper.dashboard.pages import home, key, keys, settings, sign_in, stream

PAGES: tuple[PageRoute, ...] = (*sign_in.PAGES, *stream.PAGES, *home.PAGES, *keys.PAGES, *key.PAGES, *settings.PAGES)
