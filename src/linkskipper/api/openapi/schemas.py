"""JSON schemas, read back for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object, or a parameter; place is where a parameter stands."""

    name: str
    schema: Json
    needed: bool
    description: str
    place: str = ""


def resolve(document: Json, described: Json) -> Json:
    """What a reference leads to; anything else as it is."""
    while "$ref" in described:
        found: Json = document
        for part in described["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        described = found
    return described


def members(document: Json, schema: Json, prefix: str = "") -> Iterator[Member]:
    """The members of an object, those of objects in it and in its lists among them."""
    shape = resolve(document, schema)
    for name, described in shape["properties"].items():
        yield Member(prefix + name, described, name in shape["required"], _description(described))
        if "properties" in (inner := resolve(document, described)):
            yield from members(document, inner, f"{prefix}{name}.")
        items = resolve(document, described.get("items", {}))
        if "properties" in items:
            yield from members(document, items, f"{prefix}{name}[].")


def type_in_words(schema: Json) -> str:
    """What values a schema takes, in a few words."""
    if "anyOf" in schema:
        return " or ".join(type_in_words(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "$ref" in schema:
        return "object"
    if schema.get("type") == "array":
        return "list of objects" if "$ref" in schema["items"] else f"list of {type_in_words(schema['items'])}s"
    return _simple(schema)


def _simple(schema: Json) -> str:
    words = str({"uuid": "UUID", "date-time": "time"}.get(schema.get("format", ""), schema.get("type", "")))
    if "maxLength" in schema:
        return f"{words}, {schema.get('minLength', 0)} to {schema['maxLength']} characters"
    if "maximum" in schema:
        return f"{words}, {schema['minimum']} to {schema['maximum']}"
    return words


def _description(schema: Json) -> str:
    """A member's own description, or that of what else it may be than null."""
    own = schema.get("description") or next((_description(each) for each in schema.get("anyOf", [])), "")
    return str(own)
