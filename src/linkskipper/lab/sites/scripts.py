"""Links that redirect by a script that assigns the location."""

from linkskipper.lab.site import Site, SiteLink, destination
from linkskipper.lab.wire import document, page


def _script(path: str, about: str, script: str, target: str | None = None) -> SiteLink:
    target = target or destination(f"script{path}")
    body = f"<p>One moment.</p>\n<script>{script.replace('URL', target)}</script>"
    return SiteLink(path, about, page(document(body)), target)


ESCAPED = destination("script/escaped").replace("/", r"\/")
HEXADECIMAL = destination("script/hexadecimal?a=1&b=2").replace("/", r"\x2F").replace("&", r"\u0026")

SCRIPTS = Site(
    "script",
    "Scripts",
    "Pages whose script redirects to a URL that it contains.",
    (
        _script("/location", "location = …", 'location = "URL";'),
        _script("/href", "location.href = …", "window.location.href = 'URL';"),
        _script("/replace", "location.replace(…)", 'location.replace("URL")'),
        _script("/assign", "location.assign(…)", 'document.location.assign( "URL" );'),
        _script("/open", "window.open(…) onto the same page", "window.open('URL', '_self');"),
        _script("/timer", "After a timer", 'setTimeout(function () { window.location = "URL"; }, 50);'),
        _script(
            "/escaped",
            "With escaped slashes",
            f'window.location.href = "{ESCAPED}";',
            destination("script/escaped"),
        ),
        _script(
            "/hexadecimal",
            "With hexadecimal and Unicode escapes",
            f'location.href="{HEXADECIMAL}"',
            destination("script/hexadecimal?a=1&b=2"),
        ),
        _script("/relative", "To a path of the same host", 'location.href = "/href";', destination("script/href")),
    ),
)
