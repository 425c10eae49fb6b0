"""Decide which destinations and form targets must not be given out."""

from linkskipper.egress import deny_reason, name_deny_reason
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.urls.target import Target


def destination_deny_reason(host: str) -> str | None:
    """Return why a host must not be given out as a destination, or None. DNS is not used.

    A client may open the destination from inside a network that this service's links must not reach into.
    """
    name = host.removesuffix(".")
    # A host whose last label is a number is an IPv4 address or not a host at all (WHATWG URL standard).
    is_address = ":" in name or name.rpartition(".")[2].isdigit()
    return deny_reason(name) if is_address else name_deny_reason(name)


def credentials_stop(target: Target) -> Stop:
    """Return the error for a URL that would have to be requested with a user name or a password."""
    detail = f"The link leads to {target.as_written}. URLs with a user name or a password are not requested."
    return Stop(Reason.BLOCKED_ADDRESS, detail)


def form_target_stop(target: Target) -> Stop:
    """Return the error for a form that would send its fields to another service.

    The fields are meant for the provider alone, so the target of the form is not a destination.
    """
    if target.url is None:
        return Stop(Reason.BAD_SCHEME, f"The form of the page goes to a {target.scheme}: URL.")
    host = target.url.host
    if reason := destination_deny_reason(host):
        return Stop(Reason.BLOCKED_ADDRESS, f"The form of the page goes to {host}, which is {reason}.")
    return Stop(Reason.PROVIDER_CHANGED, f"The form of the page goes to {host}, which is not a host of the provider.")
