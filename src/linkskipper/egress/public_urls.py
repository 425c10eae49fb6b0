"""Check, without DNS, whether the URL of a webhook could be public."""

from linkskipper.egress.addresses import deny_reason, parse_address
from linkskipper.egress.errors import BadUrl, Refused
from linkskipper.egress.policy import Policy, name_deny_reason
from linkskipper.egress.urls import Url, parse_url


def check_public_https(text: str) -> Url:
    """Parse the URL of a webhook. The addresses behind a name are checked at delivery.

    Raises:
        BadUrl: It is not an https URL.
        Refused: It names a private address, a local name or a port that is not open.
    """
    url = parse_url(text)
    if url.scheme != "https":
        raise BadUrl("the URL is not https")
    name = url.host.removesuffix(".")
    is_address = parse_address(name) is not None or ":" in name
    if reason := Policy().port_deny_reason(url.port) or (deny_reason(name) if is_address else name_deny_reason(name)):
        raise Refused(url.host, "", reason)
    return url
