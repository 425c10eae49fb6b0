"""Whether a stranger's webhook address could be a public one, judged without DNS."""

from linkskipper.egress.addresses import deny_reason, parse_address
from linkskipper.egress.errors import BadUrl, Refused
from linkskipper.egress.policy import Policy, name_deny_reason
from linkskipper.egress.urls import Url, parse_url


def check_public_https(url: str) -> Url:
    """Read a webhook URL. Check a literal address now, in every spelling, and the addresses of a name at delivery.

    Raises:
        BadUrl: The URL is malformed, or not https.
        Refused: The host cannot be public.
    """
    parsed = parse_url(url)
    if parsed.scheme != "https":
        raise BadUrl("the URL is not https")
    name = parsed.host.removesuffix(".")
    literal = parse_address(name) is not None or ":" in name
    if reason := Policy().port_deny_reason(parsed.port) or (deny_reason(name) if literal else name_deny_reason(name)):
        raise Refused(parsed.host, "", reason)
    return parsed
