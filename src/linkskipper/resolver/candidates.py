"""Choose where a page leads among the URLs that were found in it."""

from collections.abc import Iterable
from typing import NamedTuple

from linkskipper.catalog import Provider
from linkskipper.egress import Url, UrlTooLong
from linkskipper.resolver.errors import url_too_long
from linkskipper.resolver.pages.redirects import NextUrl
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.urls.target import Target, inherit_fragment, read_target


class Candidate(NamedTuple):
    """A URL that a page leads to, and how."""

    target: Target
    mechanism: Mechanism


def first_candidate(candidates: Iterable[NextUrl], provider: Provider, page_url: Url) -> Candidate | None:
    """Return the first candidate that is a URL, is not a decoy, and has an accepted scheme.

    Without one, return the first with another scheme, or None if there is none either. A redirect by a header is
    accepted whatever its scheme is.

    Raises:
        Stop: The only candidates are too long.
    """
    other: Candidate | None = None
    has_too_long = False
    for candidate in candidates:
        try:
            target = _target_of(candidate)
        except UrlTooLong:
            has_too_long = True
            continue
        if target is None or (target.url is not None and provider.is_decoy(target.url.host)):
            continue
        is_redirect = candidate.mechanism is Mechanism.LOCATION_HEADER
        if is_redirect or target.scheme in provider.accept.schemes:
            return Candidate(target, candidate.mechanism)
        other = other or Candidate(target, candidate.mechanism)
    if has_too_long:
        raise url_too_long(page_url.host)
    return other


def _target_of(candidate: NextUrl) -> Target | None:
    target = read_target(candidate.text, candidate.base, candidate.charset)
    if target is None or candidate.mechanism is not Mechanism.LOCATION_HEADER:
        return target
    return inherit_fragment(target, candidate.base)
