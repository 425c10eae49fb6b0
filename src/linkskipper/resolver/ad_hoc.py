"""Recognise the family of a shortener that no provider file names, by the structure of its page.

| family | signs |
|---|---|
| adlinkfly | a form with the action `/links/go` or the id `go-link`, or a script variable `app_vars.counter_value` |
| adlinkfly | a form with the id `link-view` or `before-captcha` and a field `_csrfToken` |
| wp-safelink | a field `newwpsafelink`, or `#wpsafe-link` and `#wpsafegenerate` on its later pages |
| gempixel | script variables `appurl` and `token`, with a countdown button or a frame with the id `site` |
| interstitial | a disabled button or link with one of the family's names, and a script with a timer |
| preview | a link with one of the family's names, on a page that says that the visitor leaves |

The first family that matches wins.
"""

from collections.abc import Callable

from pydantic import ValidationError
from selectolax.lexbor import LexborHTMLParser

from linkskipper.catalog import Provider
from linkskipper.egress import Url
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.scripts import number, variable

_LIMITS = {"max_hops": 20, "timeout": 60}
# The selectors in the files of the families find these names too.
NAMES = ("continue", "get-link", "go", "btn-continue", "proceed", "skip", "skip-button")


def ad_hoc_provider(host: str, family: str = "redirect") -> Provider | None:
    """Return a provider for a host that no file names and its subdomains, or None if the host is not a name."""
    name = host.removesuffix(".").removeprefix("www.")
    if name.rpartition(".")[2].isdigit():  # an IPv4 address (WHATWG URL standard)
        return None
    fields = {"id": f"generic-{family}", "label": host, "hosts": [name, f"*.{name}"], "tier": "standard"}
    try:
        return Provider.model_validate({**fields, "family": family, "limits": _LIMITS, "match": {"path": ""}})
    except ValidationError:
        return None


def is_ad_hoc(provider: Provider) -> bool:
    """Return whether a provider is ad hoc and its family is not known yet."""
    return provider.id == "generic-redirect"


def is_inside(url: Url, provider: Provider) -> bool:
    """Return whether a URL is on the hosts of an ad hoc provider."""
    return provider.id == f"generic-{provider.family}" and provider.owns(url.host)


def family_of(page: Page) -> str | None:
    """Return the family that the structure of a page matches, or None."""
    tree = page.tree
    if tree is None:
        return None
    return next((family for family, matches in _SIGNS.items() if matches(tree, page.scripts)), None)


def _is_adlinkfly(tree: LexborHTMLParser, scripts: list[str]) -> bool:
    if tree.css_first('form#go-link, form[action$="/links/go"]') is not None:
        return True
    stage = "form#link-view input[name=_csrfToken], form#before-captcha input[name=_csrfToken]"
    return tree.css_first(stage) is not None or number(scripts, "app_vars.counter_value") is not None


def _is_wp_safelink(tree: LexborHTMLParser, _: list[str]) -> bool:
    return tree.css_first('input[name^="newwpsafelink"], #wpsafegenerate #wpsafe-link, #wpsafelink-landing') is not None


def _is_gempixel(tree: LexborHTMLParser, scripts: list[str]) -> bool:
    has_button = tree.css_first("a.clickable, a.redirect, iframe#site") is not None
    return has_button and variable(scripts, "appurl") is not None and variable(scripts, "token") is not None


def _is_interstitial(tree: LexborHTMLParser, scripts: list[str]) -> bool:
    disabled = ", ".join(f"#{name}[disabled], #{name}.disabled, button.{name}[disabled]" for name in NAMES)
    has_timer = any("setInterval" in script or "setTimeout" in script for script in scripts)
    return has_timer and tree.css_first(disabled) is not None


def _is_preview(tree: LexborHTMLParser, _: list[str]) -> bool:
    heading = tree.css_first("h1, h2, title")
    leaves = heading is not None and any(word in heading.text().lower() for word in ("leaving", "redirect", "warning"))
    return leaves and tree.css_first(", ".join(f"a#{name}[href], a.{name}[href]" for name in NAMES)) is not None


_SIGNS: dict[str, Callable[[LexborHTMLParser, list[str]], bool]] = {
    "adlinkfly": _is_adlinkfly,
    "wp-safelink": _is_wp_safelink,
    "gempixel": _is_gempixel,
    "interstitial": _is_interstitial,
    "preview": _is_preview,
}
