"""Links that lead to other shorteners, in loops, or through endless redirects."""

from linkskipper.lab.site import NOT_FOUND, Site, SiteLink, destination
from linkskipper.lab.wire import LabReply, LabRequest, redirect

AFTER_COOKIE = destination("after-cookie")


def _cookie_first(request: LabRequest) -> LabReply:
    if "visited=yes" in request.cookies:
        return redirect(AFTER_COOKIE)
    return redirect(request.path, ("Set-Cookie", "visited=yes; Path=/"))


def _next_number(request: LabRequest) -> LabReply:
    number = request.path.removeprefix("/")
    return redirect(f"/{int(number) + 1}") if number.isdecimal() else NOT_FOUND


CHAIN = Site(
    "chain",
    "Chains",
    "Links to links of other shorteners.",
    (
        SiteLink(
            "/two",
            "To another shortener",
            redirect("https://redirect.lab.test/301"),
            destination("status/301"),
        ),
        SiteLink(
            "/three",
            "To a second shortener, and from there to a third",
            redirect("https://query.lab.test/out?url=https%3A%2F%2Fscript.lab.test%2Fhref"),
            destination("script/href"),
        ),
        SiteLink(
            "/forms",
            "To a form with a countdown",
            redirect("https://countdown.lab.test/timed"),
            destination("form/timed"),
        ),
        SiteLink(
            "/premium",
            "To a premium shortener, whose price applies",
            redirect("https://premium.lab.test/0/demo"),
            destination("slow/demo"),
        ),
    ),
    inner={"/back": redirect("https://loop.lab.test/across")},
)
LOOP = Site(
    "loop",
    "Loops",
    "Links that lead back to their start, and one that only seems to.",
    (
        SiteLink("/cookie", "Sets a cookie and redirects to itself, which is not a loop", _cookie_first, AFTER_COOKIE),
        SiteLink("/self", "Redirects to itself", redirect("/self"), reason="loop_detected"),
        SiteLink("/there", "Redirects to a page that redirects back", redirect("/back"), reason="loop_detected"),
        SiteLink(
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
    "Redirects that never end.",
    (
        SiteLink("/short", "A single hop", redirect(destination("hops/short")), destination("hops/short")),
        SiteLink("/1", "Redirects to the next number", reason="too_many_hops"),
    ),
    otherwise=_next_number,
)
