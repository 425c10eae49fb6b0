"""The pages where accounts buy credits. They are the operator's: no money passes through this service."""

from collections.abc import Iterable
from typing import NamedTuple


class TopupLink(NamedTuple):
    """A page for one account."""

    label: str
    url: str


def topup_links(pages: Iterable[tuple[str, str]], account_id: int) -> list[TopupLink]:
    """Return the pages of the setting LINKSKIPPER_TOPUP_LINKS for an account."""
    return [TopupLink(label, url.replace("{account}", str(account_id))) for label, url in pages]
