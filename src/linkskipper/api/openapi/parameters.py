"""The parameters of the OpenAPI document, from the path, query and header types of the endpoints."""

from collections.abc import Iterator

import msgspec

from linkskipper.api.endpoint import AnyEndpoint
from linkskipper.api.openapi.content import Json


def parameters(endpoint: AnyEndpoint) -> Iterator[tuple[str, Json]]:
    """Yield the parameters of an endpoint with their names in the components."""
    places = (("path", endpoint.path_type), ("query", endpoint.query_type), ("header", endpoint.header_type))
    for place, type_ in places:
        if type_ is not None:
            schema = msgspec.json.schema(type_)["$defs"][type_.__name__]
            for name, member in schema["properties"].items():
                yield f"{endpoint.name}.{name}", _parameter(name, place, member)


def _parameter(name: str, place: str, member: Json) -> Json:
    description, (example, *_), schema = _split(member)
    parameter = {"name": name, "in": place, "description": description, "schema": schema, "example": example}
    return {**parameter, "required": True} if place == "path" else parameter


def _split(member: Json) -> tuple[str, list[object], Json]:
    """Split the schema of a member into its description, its examples and the rest. Null is not part of the rest."""
    annotations = {"description", "examples"}
    if "anyOf" in member:
        (not_null,) = (option for option in member["anyOf"] if option != {"type": "null"})
        member = {**{key: value for key, value in member.items() if key not in {"anyOf", "default"}}, **not_null}
    schema = {key: value for key, value in member.items() if key not in annotations}
    return member["description"], msgspec.to_builtins(member["examples"]), schema
