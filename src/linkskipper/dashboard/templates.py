"""Render pages. Everything in them is escaped, and a missing value is an error."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from linkskipper.dashboard import words
from linkskipper.dashboard.assets import Assets
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.query import NOTICES
from linkskipper.dashboard.visible import url_view, visible

FOLDER = Path(__file__).parent / "templates"


class Templates:
    """The templates of all pages."""

    def __init__(self, assets: Assets) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.environment.filters.update(
            ago=words.ago,
            duration=words.duration,
            exact=words.exact,
            iso=words.iso,
            number=words.number,
            size=words.size,
            span=words.span,
            url_view=url_view,
            visible=visible,
        )
        self.environment.globals.update(asset=assets.url, limits=LIMITS, notices=NOTICES)

    def respond(self, template: str, status: int, values: Mapping[str, object]) -> Response:
        """Return a page as a response."""
        return HTMLResponse(self.environment.get_template(template).render(values), status_code=status)
