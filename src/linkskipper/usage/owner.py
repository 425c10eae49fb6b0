"""The owners of links, whose use is counted."""

from typing import NamedTuple


class UsageOwner(NamedTuple):
    """Whose use to count or to read. Exactly one of them is set."""

    account_id: int | None = None
    key_id: int | None = None
    provider: str | None = None

    @property
    def name(self) -> str:
        """The name in the table."""
        if self.key_id is not None:
            return f"key {self.key_id}"
        return f"account {self.account_id}" if self.provider is None else f"provider {self.provider}"
