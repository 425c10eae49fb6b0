"""Links that lead to other shorteners, round in circles, or on and on."""

from linkskipper.lab.site import NOT_FOUND, Link, Site, destination
from linkskipper.lab.wire import Reply, Request, redirect

AFTER_COOKIE = destination("after-cookie")


def _cookie_first(request: Request) -> Reply:
    if "visited=yes" in request.cookies:
        return redirect(AFTER_COOKIE)
    return redirect(request.path, ("Set-Cookie", "visited=yes; Path=/"))


def _on_and_on(request: Request) -> Reply:
    number = request.path.removeprefix("/")
    return redirect(f"/{int(number) + 1}") if number.isdecimal() else NOT_FOUND


CHAIN = Site(
    "chain",
    "Chains",
    "Links to links of other shorteners.",
    (
        Link(
            "/two",
            "On to another shortener",
            redirect("https://redirect.lab.test/301"),
            destination("status/301"),
        ),
        Link(
            "/three",
            "On to another, and from there to a third",
            redirect("https://query.lab.test/out?url=https%3A%2F%2Fscript.lab.test%2Fhref"),
            destination("script/href"),
        ),
        Link(
            "/forms",
            "On to a form that is waited for, in one go",
            redirect("https://countdown.lab.test/timed"),
            destination("form/timed"),
        ),
        Link(
            "/premium",
            "On to a premium shortener, whose price counts",
            redirect("https://premium.lab.test/0/demo"),
            destination("slow/demo"),
        ),
    ),
    inner={"/back": redirect("https://loop.lab.test/across")},
)
LOOP = Site(
    "loop",
    "Loops",
    "Links that lead back to where they came from, and one that only seems to.",
    (
        Link("/cookie", "Sets a cookie and redirects to itself: no loop", _cookie_first, AFTER_COOKIE),
        Link("/self", "Redirects to itself", redirect("/self"), reason="loop_detected"),
        Link("/there", "Redirects to a page that redirects back", redirect("/back"), reason="loop_detected"),
        Link(
            "/across",
            "A loop over two shorteners",
            redirect("https://chain.lab.test/back"),
            reason="loop_detected",
        ),
    ),
    inner={"/back": redirect("/there")},
)
HOPS = Site(
    "hops",
    "Too many hops",
    "Redirects from one page to the next, and the next, and the next.",
    (
        Link("/short", "A single hop", redirect(destination("hops/short")), destination("hops/short")),
        Link("/1", "Never ends", reason="too_many_hops"),
    ),
    otherwise=_on_and_on,
)
