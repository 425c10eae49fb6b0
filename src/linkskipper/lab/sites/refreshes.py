"""Links that redirect by a Refresh header or a meta refresh."""

from html import escape

from linkskipper.lab.site import Site, SiteLink, destination
from linkskipper.lab.wire import document, page, response

AFTER_SCRIPT = destination("refresh/script-wins")
WITH_QUERY = destination("refresh/ampersand?a=1&b=2")
RELATIVE = destination("refresh/relative")


def _header(path: str, about: str, as_written: str) -> SiteLink:
    target = destination(f"refresh{path}")
    return SiteLink(path, about, response(200, ("Refresh", as_written.format(target))), target)


def _meta(path: str, about: str, as_written: str) -> SiteLink:
    target = destination(f"refresh{path}")
    return SiteLink(path, about, page(document("<p>One moment.</p>", head=as_written.format(escape(target)))), target)


REFRESHES = Site(
    "refresh",
    "Refreshes",
    "Pages that redirect by a <code>Refresh</code> header or a <code>&lt;meta http-equiv=refresh&gt;</code>.",
    (
        _header("/header", "A Refresh header", "0; url={}"),
        _header("/header-quoted", "A Refresh header with quotes and capitals", "0;URL='{}'"),
        _header("/header-bare", "A Refresh header without “url=”", "0;{}"),
        _meta("/meta", "A meta refresh", '<meta http-equiv="refresh" content="0;url={}">'),
        _meta(
            "/meta-quoted", "A meta refresh with quotes inside", """<meta http-equiv="refresh" content="0; URL='{}'">"""
        ),
        _meta("/meta-bare", "A meta refresh without “url=”", '<meta http-equiv="refresh" content="0;{}">'),
        _meta("/meta-capitals", "A meta refresh in capitals", '<META CONTENT="0; URL={}" HTTP-EQUIV="REFRESH">'),
        _meta(
            "/meta-bare-attributes",
            "A meta refresh without quotes",
            "<meta http-equiv=refresh content=0;url={}>",
        ),
        SiteLink(
            "/ampersand",
            "A meta refresh with an escaped ampersand",
            page(document("", head=f'<meta http-equiv="refresh" content="0;url={escape(WITH_QUERY)}">')),
            WITH_QUERY,
        ),
        SiteLink(
            "/relative",
            "A meta refresh to a path of the same host",
            page(document("", head='<meta http-equiv="refresh" content="0;url=inner">')),
            RELATIVE,
        ),
        _meta(
            "/noscript",
            "Only a meta refresh for visitors without scripts",
            '<noscript><meta http-equiv="refresh" content="0;url={}"></noscript>',
        ),
        SiteLink(
            "/noscript-and-script",
            "The same with a script, which wins",
            page(
                document(
                    f"<script>location.replace({AFTER_SCRIPT!r})</script>",
                    head='<noscript><meta http-equiv="refresh" content="0;url=/without-scripts"></noscript>',
                )
            ),
            AFTER_SCRIPT,
        ),
    ),
    inner={
        "/inner": response(302, ("Location", RELATIVE)),
        "/without-scripts": page(document("<p>Please enable scripts.</p>")),
    },
)
