"""Hold secrets so that no repr, log or traceback shows them."""

from linkskipper_sdk.errors import ConfigurationError


class Secret:
    """A secret text. ``reveal`` returns it. Nothing else shows it."""

    __slots__ = ("_value",)

    def __init__(self, value: object) -> None:
        if not isinstance(value, str):
            raise ConfigurationError(f"A secret must be text, not {type(value).__name__}.")
        self._value = value

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def encode(self) -> bytes:
        """Return the text as UTF-8. Half characters, which an environment may hold, are encoded too."""
        return self._value.encode("utf-8", "surrogatepass")

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
