"""Pages that contain the destination: in a link, an attribute or a script's variable."""

from linkskipper.lab.site import Site, SiteLink, destination
from linkskipper.lab.wire import document, page

ESCAPED = destination("preview/value").replace("/", r"\/")

PREVIEW = Site(
    "preview",
    "A warning page",
    "A page with a warning and a plain link to the destination.",
    (
        SiteLink(
            "/warning",
            "A link among others that lead elsewhere",
            page(
                document(
                    '<nav><a href="/">Home</a> <a href="https://ads.example/">Offers</a></nav>\n'
                    "<h1>You are leaving this site</h1>\n"
                    f'<p><a id="continue" href="{destination("preview/warning")}">Continue</a></p>',
                    title="You are leaving this site",
                )
            ),
            destination("preview/warning"),
        ),
    ),
)
ATTRIBUTE = Site(
    "attribute",
    "A data attribute",
    "The destination is in an attribute that a script reads.",
    (
        SiteLink(
            "/button",
            "A button with data-url",
            page(document(f'<button id="go" data-url="{destination("preview/button")}">Get link</button>')),
            destination("preview/button"),
        ),
    ),
)
VALUE = Site(
    "value",
    "A script's variable",
    "The destination is the value of a variable in an inline script.",
    (
        SiteLink(
            "/variable",
            "A variable, with escaped slashes",
            page(document(f'<script>var wait = 5; var destination = "{ESCAPED}"; start(wait);</script>')),
            destination("preview/value"),
        ),
    ),
)
DOTTED = Site(
    "dotted",
    "A member of a script's object",
    "The destination is a member of an object in an inline script.",
    (
        SiteLink(
            "/member",
            "app_vars.link",
            page(
                document(
                    '<script>var app_vars = {"counter_value": "5", "link": '
                    f'"{destination("preview/member")}"}};</script>'
                )
            ),
            destination("preview/member"),
        ),
    ),
)
PATTERN = Site(
    "pattern",
    "A script's call",
    "The destination is an argument in an inline script.",
    (
        SiteLink(
            "/call",
            "showLink(…)",
            page(document(f'<script>showLink("{destination("preview/call")}", 5);</script>')),
            destination("preview/call"),
        ),
    ),
)
CHANGED = Site(
    "changed",
    "A page that changed",
    "The provider file describes the old page.",
    (
        SiteLink(
            "/old",
            "The old page",
            page(document(f'<a id="continue" href="{destination("preview/old")}">Continue</a>')),
            destination("preview/old"),
        ),
        SiteLink(
            "/new",
            "The new page, without the element that the file names",
            page(
                document(
                    f'<main><a class="button" href="{destination("preview/new")}">Let me through</a></main>',
                    title="Our new design",
                )
            ),
            reason="provider_changed",
        ),
    ),
)
