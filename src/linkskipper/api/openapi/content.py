"""Parts of the OpenAPI document that bodies of requests and responses have in common."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = dict[str, Any]


def reference(type_: type) -> Json:
    """Return a reference to the schema of a type."""
    return {"$ref": f"#/components/schemas/{type_.__name__}"}


def json_content(schema: Json, examples: Mapping[str, Any]) -> Json:
    """Return the content of one media type."""
    return {"schema": schema, "examples": {name: {"value": _value(example)} for name, example in examples.items()}}


def _value(example: Any) -> Any:
    """Return an example as JSON. Optional members that have their default are left out."""
    value = msgspec.to_builtins(example)
    if isinstance(example, msgspec.Struct):
        for field in msgspec.structs.fields(example):
            if not field.required and value.get(field.encode_name) == field.default:
                value.pop(field.encode_name, None)
    return value
