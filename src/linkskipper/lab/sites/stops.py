"""Links that must not be resolved, or that no longer work."""

from linkskipper.lab.site import Site, SiteLink, destination
from linkskipper.lab.wire import document, page, redirect


def _gate(path: str, about: str, body: str, reason: str) -> SiteLink:
    return SiteLink(path, about, page(document(body)), reason=reason)


def _removed(path: str, about: str, status: int, words: str) -> SiteLink:
    return SiteLink(path, about, page(document(f"<h1>{words}</h1>", title=words), status=status), reason="link_removed")


def _refused(path: str, about: str, location: str, reason: str = "blocked_address") -> SiteLink:
    return SiteLink(path, about, redirect(location), reason=reason)


GATE = Site(
    "gate",
    "Gates",
    "Pages that only a person may pass.",
    (
        SiteLink("/open", "An open gate", redirect(destination("gate")), destination("gate")),
        _gate(
            "/recaptcha",
            "Asks for a reCAPTCHA",
            '<form method="post"><div class="g-recaptcha" data-sitekey="lab"></div><button>Go</button></form>'
            '<script src="https://www.google.com/recaptcha/api.js" async defer></script>',
            "captcha_required",
        ),
        _gate(
            "/hcaptcha",
            "Asks for an hCaptcha",
            '<form method="post"><div class="h-captcha" data-sitekey="lab"></div><button>Go</button></form>'
            '<script src="https://js.hcaptcha.com/1/api.js" async defer></script>',
            "captcha_required",
        ),
        _gate(
            "/turnstile",
            "Asks for a Turnstile",
            '<form method="post"><div class="cf-turnstile" data-sitekey="lab"></div><button>Go</button></form>'
            '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js" async defer></script>',
            "captcha_required",
        ),
        _gate(
            "/password",
            "Asks for the link's password",
            "<h1>This link is protected</h1><form method=post>"
            "<label>Password <input type=password name=password></label><button>Open</button></form>",
            "password_required",
        ),
        SiteLink(
            "/challenge",
            "Challenges possible robots",
            page(document("<p>Just a moment…</p>"), ("cf-mitigated", "challenge"), status=403),
            reason="bot_challenge",
        ),
        _gate("/@someone", "A profile, not a link", "<h1>Someone's page</h1><p>Hello!</p>", "not_a_link"),
        _gate("/", "The home page", "<h1>Shorten your links</h1>", "unsupported_link"),
    ),
)
REMOVED = Site(
    "removed",
    "Removed links",
    "Links that no longer work.",
    (
        SiteLink("/alive", "A link that still works", redirect(destination("alive")), destination("alive")),
        _removed("/404", "Not found", 404, "Not found"),
        _removed("/410", "Gone", 410, "Gone"),
        _removed("/expired", "A page with status 200 that says so", 200, "This link has expired"),
        _removed("/deleted", "Another page, in other words", 200, "This link has been deleted"),
    ),
)
PRIVATE = Site(
    "private",
    "Private addresses",
    "Links that lead into the network of the resolver.",
    (
        SiteLink("/public", "A public address", redirect(destination("public")), destination("public")),
        _refused("/network", "A private network", "http://10.0.0.1/"),
        _refused("/loopback", "This machine", "http://127.0.0.1/admin"),
        _refused("/loopback-number", "This machine, as a number", "http://2130706433/"),
        _refused("/localhost", "This machine, by name", "http://localhost/"),
        _refused("/ipv6", "This machine, in IPv6", "http://[::1]/"),
        _refused("/mapped", "This machine, as IPv4 in IPv6", "http://[::ffff:127.0.0.1]/"),
        _refused("/metadata", "A cloud's metadata service", "http://169.254.169.254/latest/meta-data/"),
        _refused("/file", "A file", "file:///etc/passwd", "bad_scheme"),
        _refused("/javascript", "A script", "javascript:alert(1)", "bad_scheme"),
        _refused(
            "/magnet",
            "A magnet link, which no provider file of the lab accepts",
            "magnet:?xt=urn:btih:lab",
            "bad_scheme",
        ),
    ),
)
