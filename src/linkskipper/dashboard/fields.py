"""Check the fields of forms. Every message stands next to its field."""

from collections.abc import Mapping, Sequence


class Messages(dict[str, str]):
    """Messages about fields, by field. A field that is right has an empty message."""

    def __missing__(self, name: str) -> str:
        return ""


class FormReader:
    """Reads fields and collects what is wrong with them in `errors`, by field."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form
        self.errors = Messages()

    def text(self, name: str, *, longest: int) -> str:
        """Return a text of 1 to `longest` characters."""
        value = self._form.get(name, "").strip()
        if not 1 <= len(value) <= longest:
            self.errors[name] = f"Write 1 to {longest} characters."
        return value

    def optional_text(self, name: str, *, longest: int) -> str | None:
        """Return a text of at most `longest` characters, or None for an empty field."""
        return self.text(name, longest=longest) if self._form.get(name, "").strip() else None

    def choice(self, name: str, options: Sequence[str]) -> str:
        """Return one of the options."""
        value = self._form.get(name, "")
        if value not in options:
            self.errors[name] = f"Choose one of {', '.join(options)}."
            return options[0]
        return value

    def number(self, name: str, *, least: int, most: int) -> int:
        """Return a whole number."""
        value = self._parse(name)
        if value is None or not least <= value <= most:
            self.errors[name] = f"Write a whole number from {least} to {most}."
            return least
        return value

    def optional_number(self, name: str, *, least: int, most: int) -> int | None:
        """Return a whole number, or None for an empty field."""
        if not self._form.get(name, "").strip():
            return None
        return self.number(name, least=least, most=most)

    def checked(self, name: str) -> bool:
        """Tell whether a box is checked."""
        return name in self._form

    def _parse(self, name: str) -> int | None:
        value = self._form.get(name, "").strip()
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 12 else None  # noqa: PLR2004
