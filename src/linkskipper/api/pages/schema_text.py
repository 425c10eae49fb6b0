"""Describe JSON schemas to people."""

from collections.abc import Iterator
from dataclasses import dataclass

from linkskipper.api.openapi.content import Json

FORMATS = {"uuid": "UUID", "date-time": "time"}


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object, or a parameter. `place` is the location of a parameter, such as "query"."""

    name: str
    schema: Json
    required: bool
    description: str
    place: str = ""


def dereference(document: Json, schema: Json) -> Json:
    """Return the target of a reference, or the schema itself if it is not a reference."""
    while "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def members(document: Json, schema: Json, prefix: str = "") -> Iterator[Member]:
    """Yield the members of an object, each followed by those of the objects in it."""
    shape = dereference(document, schema)
    for name, member in shape["properties"].items():
        yield Member(prefix + name, member, name in shape["required"], _description(member))
        if "properties" in (inner := dereference(document, member)):
            yield from members(document, inner, f"{prefix}{name}.")
        items = dereference(document, member.get("items", {}))
        if "properties" in items:
            yield from members(document, items, f"{prefix}{name}[].")


def type_text(schema: Json) -> str:
    """Return the values that a schema accepts, in a few words."""
    if "anyOf" in schema:
        return " or ".join(type_text(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "$ref" in schema:
        return "object"
    if schema.get("type") == "array":
        return "list of objects" if "$ref" in schema["items"] else f"list of {type_text(schema['items'])}s"
    return _simple_type_text(schema)


def _simple_type_text(schema: Json) -> str:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    text = str(schema.get("type", ""))
    if "maxLength" in schema:
        return f"{text}, {schema.get('minLength', 0)} to {schema['maxLength']} characters"
    if "maximum" in schema:
        return f"{text}, {schema['minimum']} to {schema['maximum']}"
    return text


def _description(schema: Json) -> str:
    """Return a member's own description, or that of its first alternative."""
    return str(schema.get("description") or next((_description(option) for option in schema.get("anyOf", [])), ""))
