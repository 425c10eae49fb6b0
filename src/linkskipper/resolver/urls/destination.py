"""What may not even be given out as a destination."""

from linkskipper.egress import refusal, refused_name


def refused_destination(host: str) -> str | None:
    """Why a host that nobody will contact is refused all the same; None if it is not. No DNS is asked.

    A client may well open what it is given from inside a network that this service's links must not reach into.
    """
    name = host.removesuffix(".")
    # WHATWG reads every host whose last label is a number as an IPv4 address, or refuses it.
    is_address = ":" in name or name.rpartition(".")[2].isdigit()
    return refusal(name) if is_address else refused_name(name)
