"""What may not even be given out as a destination."""

from ipaddress import ip_address

from linkskipper.egress import refusal
from linkskipper.egress.policy import refused_name


def refused_destination(host: str) -> str | None:
    """Why a host that nobody will contact is refused all the same; None if it is not. No DNS is asked.

    A client may well open what it is given from inside a network that this service's links must not reach into.
    """
    name = host.removesuffix(".")
    return refusal(name) if _is_address(name) else refused_name(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
