"""The errors that a page shows instead of its content."""

from collections.abc import Iterable

from linkskipper.errors import LinkSkipperError


class PageError(LinkSkipperError):
    """An error page: its status, its title, what happened, and the next step."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail


class NotSignedInError(LinkSkipperError):
    """A page uses a session, or a user, that its access does not promise."""


def not_found(thing: str = "page") -> PageError:
    """Return the error for something that does not exist, or that belongs to another account."""
    return PageError(404, "Not found", f"There is no such {thing} here. It was deleted, or the address is wrong.")


def forbidden(need: str) -> PageError:
    """Return the error for an action that needs more rights."""
    return PageError(
        403, "Not allowed", f"This page needs the rights of {need}. Ask the operator of the service for them."
    )


def changed_meanwhile(what: str) -> PageError:
    """Return the error for a change of something that another person has changed first. `what` says what they did."""
    return PageError(409, "Changed meanwhile", f"{what} Nothing was changed now. Open the page again.")


def cross_site() -> PageError:
    """Return the error for a request that another site may have caused."""
    return PageError(
        403,
        "Refused",
        "This request did not come from a page of this dashboard. Open the dashboard and try again.",
    )


def wrong_host(host: str, setting: str) -> PageError:
    """Return the error for a host name that the dashboard does not have."""
    return PageError(
        421, "Wrong address", f"The dashboard has no host name {host}. The operator can add it to {setting}."
    )


def bad_query(messages: Iterable[str]) -> PageError:
    """Return the error for query parameters that a page does not know."""
    return PageError(400, "Wrong address", " ".join(messages))
