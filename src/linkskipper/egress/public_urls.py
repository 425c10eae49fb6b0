"""Whether a stranger's webhook address could be a public one, judged without DNS."""

from linkskipper.egress.addresses import deny_reason, parse_address
from linkskipper.egress.errors import BadUrl, Refused
from linkskipper.egress.policy import Policy, name_deny_reason
from linkskipper.egress.urls import Url, parse_url


def check_public_https(url: str) -> Url:
    """Read a webhook URL; raises BadUrl if it is not https and Refused if it cannot be public.

    Literal addresses are judged in every spelling that browsers know. What a name resolves to is judged at delivery.
    """
    parsed = parse_url(url)
    if parsed.scheme != "https":
        raise BadUrl("the URL is not https")
    name = parsed.host.removesuffix(".")
    literal = parse_address(name) is not None or ":" in name
    if reason := Policy().port_deny_reason(parsed.port) or (deny_reason(name) if literal else name_deny_reason(name)):
        raise Refused(parsed.host, "", reason)
    return parsed
