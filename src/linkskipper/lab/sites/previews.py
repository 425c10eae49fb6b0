"""Pages that show or hide the destination: a plain link, an attribute, a script's variable."""

from linkskipper.lab.site import Link, Site, destination
from linkskipper.lab.wire import document, page

ESCAPED = destination("preview/value").replace("/", r"\/")

PREVIEW = Site(
    "preview",
    "A warning page",
    "A page that warns of leaving, with a plain link to go on.",
    (
        Link(
            "/warning",
            "A link under other links that lead elsewhere",
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
    "The destination stands in an attribute, where a script would look for it.",
    (
        Link(
            "/button",
            "A button that bears it as data-url",
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
        Link(
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
        Link(
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
    "The destination is what a pattern finds in an inline script.",
    (
        Link(
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
    "The provider file knows this page as it once was.",
    (
        Link(
            "/old",
            "A page as it was",
            page(document(f'<a id="continue" href="{destination("preview/old")}">Continue</a>')),
            destination("preview/old"),
        ),
        Link(
            "/new",
            "A page built anew, without the element that the file looks for",
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
