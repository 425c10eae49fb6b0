"""How the URL of a link encodes its destination: the entries of the field `decode`."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from linkskipper.catalog.fields import Pattern, Table

DecoderName = Literal["uri", "base64", "base64url", "hex", "reverse", "proofpoint3"]

MAX_AFFIX = 200
MAX_REPLACED = 100
NAME, CHANGE = "name", "change"
"""The tags of the two forms of a decoding, for messages."""

Affix = Annotated[str, Field(min_length=1, max_length=MAX_AFFIX)]
MAX_REPLACEMENT = 3
"""Characters that replace one: a percent-encoded byte has three."""


def _pairs(table: object) -> object:
    """Check a table of characters and what replaces them, and return its pairs."""
    if not isinstance(table, dict):
        raise ValueError('this must be a table of characters, as { "-" = "%" }')  # noqa: TRY004 - as pydantic wants
    if not 0 < len(table) <= MAX_REPLACED:
        raise ValueError(f"this must replace 1 to {MAX_REPLACED} characters")
    for character, text in table.items():
        if len(character) != 1 or not isinstance(text, str) or len(text) > MAX_REPLACEMENT:
            raise ValueError(f"{character!r} must be one character, with at most {MAX_REPLACEMENT} in its place")
    return tuple(table.items())


Replacements = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)]


class TextChange(Table):
    """One change of the text that carries a destination. The text must fit it.

    Attributes:
        prefix: The beginning of the text, which is removed.
        suffix: The end of the text, which is removed.
        add_prefix: A text that is put before it.
        replace: Characters, and the text that replaces each of them.
        pattern: A pattern. Its first group remains.
    """

    prefix: Affix | None = None
    suffix: Affix | None = None
    add_prefix: Affix | None = None
    replace: Replacements | None = None
    pattern: Pattern | None = None

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"give one of {', '.join(type(self).model_fields)}. List several changes one by one.")
        if self.pattern is not None and not self.pattern.groups:
            raise ValueError("the pattern has no group. Put the URL's part in parentheses.")
        return self


def _form(value: object) -> str:
    return CHANGE if isinstance(value, dict | TextChange) else NAME


Decoding = Annotated[Annotated[DecoderName, Tag(NAME)] | Annotated[TextChange, Tag(CHANGE)], Discriminator(_form)]
"""A decoder's name, or a change of the text as a table: `decode = [{ prefix = "a1" }, "base64url"]`."""
