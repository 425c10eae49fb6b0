"""Hold secrets so that no repr, log or traceback shows them."""


class Secret:
    """A secret text. ``reveal`` returns it. Nothing else shows it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def stripped(self) -> "Secret":
        """Return the secret without blanks around it."""
        return Secret(self._value.strip())

    def __bool__(self) -> bool:
        return bool(self._value)

    def hide_in(self, text: str) -> str:
        """Return a text with the secret blotted out."""
        return text.replace(self._value, "[secret]") if self._value else text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("Secrets are not pickled.")
