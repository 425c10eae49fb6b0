"""The installation: versions, checks, sizes of tables, and the settings in force without their secrets."""

from starlette.responses import Response

from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.database.server import read_table_sizes
from linkskipper.version import VERSION

PATH = f"{OPERATE}/system"


async def show(call: PageCall) -> Response:
    """Show the page."""
    return call.render(
        "operate_system.html",
        version=VERSION,
        findings=await call.services.examine(),
        settings=call.services.shown_settings,
        tables=await read_table_sizes(call.services.pool),
        has_workers=call.services.workers_ready(),
    )


PAGES = (PageRoute("GET", PATH, show, Access.OPERATOR),)
