"""Links as GemPixel's Premium URL Shortener serves them: redirects, splash pages, and frames under a bar."""

from linkskipper.lab.site import Site, SiteLink, destination
from linkskipper.lab.wire import document, page, redirect

_TOKENS = "<script>var appurl = 'https://gempixel.lab.test'; var token = 'c0ffee';</script>"
_AD = '<a href="https://ads.example/offer"><img src="https://ads.example/banner.png" alt=""></a>'


def _splash(end: str) -> bytes:
    """Return a countdown page whose script runs `end` at its end."""
    script = (
        "<script type='text/javascript'>var count = 5;var countdown = setInterval(function(){"
        '$("a.clickable").attr("href","#pleasewait").html(count + " seconds");'
        f"if (count < 1) {{clearInterval(countdown);{end}}}count--;}}, 1000);</script>"
    )
    button = '<a href="#pleasewait" class="btn btn-secondary redirect clickable">Please wait</a>'
    return page(document(f"{_TOKENS}<h2>You are about to be redirected</h2>{_AD}{button}{script}"))


def _link(path: str, about: str, answer: bytes) -> SiteLink:
    return SiteLink(path, about, answer, destination(f"gempixel{path}"))


GEMPIXEL = Site(
    "gempixel",
    "GemPixel's Premium URL Shortener",
    "Redirects for most links, and splash pages and frames for the others.",
    (
        _link("/direct", "A redirect", redirect(destination("gempixel/direct"), status=301)),
        _link(
            "/splash",
            "A countdown, then a new location",
            _splash(f'window.location="{destination("gempixel/splash")}";'),
        ),
        _link(
            "/button",
            "A countdown, then a button whose link the script sets",
            _splash(f'$("a.clickable").attr("href","{destination("gempixel/button")}").html("Continue");'),
        ),
        _link(
            "/frame",
            "The destination in a frame, under a bar",
            page(
                document(
                    f'{_TOKENS}<div id="frame"><a href="/">Home</a> <a href="{destination("other")}/">Report</a></div>'
                    f'<iframe id="site" src="{destination("gempixel/frame")}" frameborder="0"></iframe>'
                )
            ),
        ),
        SiteLink(
            "/password",
            "A link with a password",
            page(document('<form method="post"><input type="password" name="password"><button>Open</button></form>')),
            reason="password_required",
        ),
    ),
)
