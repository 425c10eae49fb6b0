"""What may not even be given out as a destination."""

from linkskipper.egress import deny_reason, name_deny_reason


def destination_deny_reason(host: str) -> str | None:
    """Why a host that nobody will contact is refused all the same; None if it is not. No DNS is asked.

    A client may well open what it is given from inside a network that this service's links must not reach into.
    """
    name = host.removesuffix(".")
    # WHATWG reads every host whose last label is a number as an IPv4 address, or refuses it.
    is_address = ":" in name or name.rpartition(".")[2].isdigit()
    return deny_reason(name) if is_address else name_deny_reason(name)
