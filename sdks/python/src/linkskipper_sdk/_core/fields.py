"""Read typed members out of JSON objects."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_TYPE_NAMES = {bool: "a boolean", int: "a number", float: "a number", str: "text", dict: "an object", list: "a list"}


class FieldError(ValueError):
    """A member is missing or of a wrong type."""


class Fields:
    """The members of a JSON object.

    Members that the API may leave out are None if they are missing or null. A member of a wrong type is an error,
    so that a result never holds something else than its types say.

    Raises:
        FieldError: from every method, naming the member.
    """

    __slots__ = ("_where", "raw")

    def __init__(self, raw: Mapping[str, Any], where: str = "") -> None:
        self.raw = raw
        self._where = where

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.raw.get(name)
        if type(value) is str:
            return value
        raise self._wrong(name, "text", value)

    def optional_text(self, name: str) -> str | None:
        """Return a text or None."""
        value = self.raw.get(name)
        if value is None or type(value) is str:
            return value
        raise self._wrong(name, "text", value)

    def integer(self, name: str) -> int:
        """Return a whole number that must be there."""
        value = self.optional_integer(name)
        if value is None:
            raise self._wrong(name, "a whole number", value)
        return value

    def optional_integer(self, name: str) -> int | None:
        """Return a whole number or None."""
        value = self.raw.get(name)
        if value is None or type(value) is int:
            return value
        raise self._wrong(name, "a whole number", value)

    def optional_number(self, name: str) -> float | None:
        """Return a number or None."""
        value = self.raw.get(name)
        if value is None or type(value) is int or type(value) is float:
            return value
        raise self._wrong(name, "a number", value)

    def flag(self, name: str) -> bool:
        """Return a boolean. A missing one is False."""
        value = self.raw.get(name)
        if value is None or type(value) is bool:
            return bool(value)
        raise self._wrong(name, "a boolean", value)

    def optional_time(self, name: str) -> datetime | None:
        """Return a time in UTC or None."""
        value = self.optional_text(name)
        if value is None:
            return None
        try:
            time = datetime.fromisoformat(value)
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self._wrong(name, "an ISO 8601 time", value) from None

    def object(self, name: str) -> "Fields":
        """Return an object that must be there."""
        value = self.raw.get(name)
        if isinstance(value, dict):
            return Fields(value, f"{self._where}{name}.")
        raise self._wrong(name, "an object", value)

    def objects(self, name: str) -> "list[Fields]":
        """Return a list of objects that must be there."""
        values = self.optional_objects(name)
        if values is None:
            raise self._wrong(name, "a list", None)
        return values

    def optional_objects(self, name: str) -> "list[Fields] | None":
        """Return a list of objects or None."""
        values = self.raw.get(name)
        if values is None:
            return None
        if not isinstance(values, list):
            raise self._wrong(name, "a list", values)
        for value in values:
            if not isinstance(value, dict):
                raise self._wrong(name, "a list of objects", value)
        return [Fields(value, f"{self._where}{name}[{index}].") for index, value in enumerate(values)]

    def texts(self, name: str) -> list[str]:
        """Return a list of texts. A missing one is empty."""
        values = self.raw.get(name)
        if values is None:
            return []
        if not isinstance(values, list) or any(type(value) is not str for value in values):
            raise self._wrong(name, "a list of texts", values)
        return values

    def _wrong(self, name: str, expected: str, value: Any) -> FieldError:
        if value is None:
            return FieldError(f"{self._where}{name} is missing: expected {expected}")
        shown = f"{value!r:.60}" if type(value) is str else _TYPE_NAMES.get(type(value), "something else")
        return FieldError(f"{self._where}{name}: expected {expected}, got {shown}")
