"""Scripts that many people run as their own shortener, and what they answer for links that they do not know."""

from linkskipper.lab.site import Site, SiteLink, destination
from linkskipper.lab.wire import document, page, redirect

YOURLS = Site(
    "yourls",
    "YOURLS",
    "Unknown links lead to the home page, which nobody may see.",
    (
        SiteLink("/alive", "A link that works", redirect(destination("yourls"), status=301), destination("yourls")),
        SiteLink("/deleted", "A deleted link", redirect("/", status=301), reason="link_removed"),
        SiteLink(
            "/alive+",
            "The preview of a link, with the destination as text",
            page(document(f'<h2>Short link</h2><p class="target">Long URL: {destination("yourls")}</p>')),
            destination("yourls"),
        ),
    ),
    inner={"/": page(document("<h1>Forbidden</h1>"), status=403)},
)
KUTT = Site(
    "kutt",
    "Kutt",
    "Pages that say why a link does not lead on.",
    (
        SiteLink("/alive", "A link that works", redirect(destination("kutt")), destination("kutt")),
        SiteLink(
            "/banned",
            "A link that was banned",
            page(document("<h2>Link has been banned and removed because of <b>malware or scam</b>.</h2>")),
            reason="link_removed",
        ),
        SiteLink(
            "/unknown",
            "A link that nobody made",
            page(document("<p>The link you are looking for could not be found.</p>")),
            reason="link_removed",
        ),
        SiteLink(
            "/protected",
            "A link with a password",
            page(
                document("<form method=post><input type=password name=password><button>Go</button></form>"), status=401
            ),
            reason="password_required",
        ),
        SiteLink(
            "/altcha",
            "A link behind a CAPTCHA",
            page(document("<form method=post><altcha-widget></altcha-widget><button>Go</button></form>"), status=403),
            reason="captcha_required",
        ),
        SiteLink(
            "/alive+",
            "The preview of a link, with the destination as text",
            page(document(f'<p class="target">{destination("kutt")}</p>')),
            destination("kutt"),
        ),
    ),
)
STATIC_PAGES = Site(
    "pages",
    "Static pages",
    "One file for each link, with a refresh. The file for unknown links leads to the home page.",
    (
        SiteLink(
            "/alive",
            "A link that works",
            page(
                document(
                    "<p>Moving on…</p>", head=f'<meta http-equiv="refresh" content="0; url={destination("pages")}">'
                )
            ),
            destination("pages"),
        ),
        SiteLink(
            "/unknown",
            "A link that nobody made",
            page(document("<p>Moving on…</p>", head='<meta http-equiv="refresh" content="0; url=/">'), status=404),
            reason="link_removed",
        ),
        SiteLink(
            "/article",
            "An article about links that expire",
            page(document("<h1>What to do when your link has expired</h1><p>Read on.</p>")),
            reason="not_a_link",
        ),
    ),
    inner={"/": page(document("<h1>Welcome</h1>"))},
)
