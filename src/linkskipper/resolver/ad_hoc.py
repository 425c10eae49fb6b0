"""Links of hosts that no provider file names: what family such a page is of, told by its structure.

| family | signs |
|---|---|
| adlinkfly | a form that goes to `/links/go` or is called `go-link`; a script variable `app_vars.counter_value` |
| adlinkfly | a form called `link-view` or `before-captcha` with a field `_csrfToken` |
| wp-safelink | a field called `newwpsafelink`, or its later pages' `#wpsafe-link` and `#wpsafegenerate` |
| gempixel | script variables `appurl` and `token`, with a button that counts down or a frame called `site` |
| interstitial | a button or link of the family's names that is disabled, and a script with a timer |
| preview | a link of the family's names, on a page that says that one leaves |

The first that fits is taken.
"""

from collections.abc import Callable

from pydantic import ValidationError
from selectolax.lexbor import LexborHTMLParser

from linkskipper.catalog import Provider
from linkskipper.egress import Url
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.scripts import number, variable

_LIMITS = {"max_hops": 20, "timeout": 60}
# The selectors of the families' own files find these too.
NAMES = ("continue", "get-link", "go", "btn-continue", "proceed", "skip", "skip-button")


def ad_hoc_provider(host: str, family: str = "redirect") -> Provider | None:
    """A provider made up for a host that no file names, with those below it; None for addresses and the like."""
    name = host.removesuffix(".").removeprefix("www.")
    if name.rpartition(".")[2].isdigit():  # an IPv4 address, as WHATWG has it
        return None
    fields = {"id": f"generic-{family}", "label": host, "hosts": [name, f"*.{name}"], "tier": "standard"}
    try:
        return Provider.model_validate({**fields, "family": family, "limits": _LIMITS, "match": {"path": ""}})
    except ValidationError:
        return None


def is_ad_hoc(provider: Provider) -> bool:
    """Whether it was made up, and its family is yet to be found out."""
    return provider.id == "generic-redirect"


def is_inside(url: Url, provider: Provider) -> bool:
    """Whether a URL is on the hosts of a provider that was made up."""
    return provider.id == f"generic-{provider.family}" and provider.owns(url.host)


def family_of(page: Page) -> str | None:
    """The family that a page's structure shows; None where it shows none."""
    tree = page.tree
    if tree is None:
        return None
    return next((family for family, fits in _SIGNS.items() if fits(tree, page.scripts)), None)


def _is_adlinkfly(tree: LexborHTMLParser, scripts: list[str]) -> bool:
    if tree.css_first('form#go-link, form[action$="/links/go"]') is not None:
        return True
    stage = "form#link-view input[name=_csrfToken], form#before-captcha input[name=_csrfToken]"
    return tree.css_first(stage) is not None or number(scripts, "app_vars.counter_value") is not None


def _is_wp_safelink(tree: LexborHTMLParser, _: list[str]) -> bool:
    return tree.css_first('input[name^="newwpsafelink"], #wpsafegenerate #wpsafe-link, #wpsafelink-landing') is not None


def _is_gempixel(tree: LexborHTMLParser, scripts: list[str]) -> bool:
    is_shown = tree.css_first("a.clickable, a.redirect, iframe#site") is not None
    return is_shown and variable(scripts, "appurl") is not None and variable(scripts, "token") is not None


def _is_interstitial(tree: LexborHTMLParser, scripts: list[str]) -> bool:
    waiting = ", ".join(f"#{name}[disabled], #{name}.disabled, button.{name}[disabled]" for name in NAMES)
    has_timer = any("setInterval" in script or "setTimeout" in script for script in scripts)
    return has_timer and tree.css_first(waiting) is not None


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
