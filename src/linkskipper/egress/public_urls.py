"""Whether a stranger's webhook address could be a public one, judged without DNS."""

from linkskipper.egress.addresses import parse_address, refusal
from linkskipper.egress.errors import BadUrl, Refused
from linkskipper.egress.policy import Policy, refused_name
from linkskipper.egress.urls import Url, canonical


def check_public_https(url: str) -> Url:
    """Read a webhook URL; raises BadUrl if it is not https and Refused if it cannot be public.

    Literal addresses are judged in every spelling that browsers know. What a name resolves to is judged at delivery.
    """
    parsed = canonical(url)
    if parsed.scheme != "https":
        raise BadUrl("the URL is not https")
    name = parsed.host.removesuffix(".")
    literal = parse_address(name) is not None or ":" in name
    if reason := Policy().judge_port(parsed.port) or (refusal(name) if literal else refused_name(name)):
        raise Refused(parsed.host, "", reason)
    return parsed
