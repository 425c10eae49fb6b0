"""Check the case files: their schemas, their sense, and that they name everything in docs/openapi.json.

Run ``python lint.py``. It needs the package ``jsonschema``. It prints one line per problem, and exits with 1 if
there is one.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FILES = ("requests", "results", "problems", "retry", "wait", "many", "webhooks", "ratelimit")
EXCHANGE_FILES = ("requests", "results", "problems", "retry", "wait")
OPENAPI_PATHS = (ROOT / "docs" / "openapi.json", ROOT / "docs" / "reference" / "openapi.json")
OPERATIONS = {
    "resolve": ("post", "/v1/resolve"),
    "get_job": ("get", "/v1/jobs/{job_id}"),
    "jobs": ("get", "/v1/jobs"),
    "account": ("get", "/v1/account"),
    "providers": ("get", "/v1/providers"),
    "webhooks.deliveries": ("get", "/v1/webhooks/deliveries"),
    "webhooks.delivery": ("get", "/v1/webhooks/deliveries/{delivery_id}"),
    "webhooks.redeliver": ("post", "/v1/webhooks/deliveries/{delivery_id}/redeliver"),
}
# Members that the SDKs replace: pages are followed by `next`, and lists come as `items`.
REPLACED = {"next", "jobs", "deliveries", "providers"}

Json = Any


def main() -> int:
    """Print the problems and return the exit code."""
    files = {name: load(HERE / f"{name}.json") for name in FILES}
    problems = [*check_schemas(files), *check_sense(files)]
    openapi = next((path for path in OPENAPI_PATHS if path.exists()), None)
    if openapi is not None:
        problems += check_openapi(load(openapi), files)
    for problem in problems:
        print(problem)
    count = sum(len(file["cases"]) for file in files.values())
    print(f"{count} cases, {len(problems)} problems")
    return 1 if problems else 0


def load(path: Path) -> Json:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def check_schemas(files: dict[str, Json]) -> Iterator[str]:
    """Validate each file against its schema."""
    schemas = {path.name: load(path) for path in (HERE / "schemas").glob("*.schema.json")}
    registry: Registry[Json] = Registry().with_resources(
        (name, Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    for name, content in files.items():
        validator = Draft202012Validator(schemas[f"{name}.schema.json"], registry=registry)
        for error in validator.iter_errors(content):
            yield f"{name}.json: {error.json_path}: {error.message[:300]}"


def check_sense(files: dict[str, Json]) -> Iterator[str]:
    """Find what a schema cannot: double names, broken patterns, ranges the wrong way round, classes without a case."""
    expected_classes = set()
    for file_name, content in files.items():
        names = [case["name"] for case in content["cases"]]
        yield from (
            f"{file_name}.json: two cases are named {name!r}" for name in sorted(set(names)) if names.count(name) > 1
        )
        for case in content["cases"]:
            where = f"{file_name}.json: {case['name']}"
            yield from (f"{where}: {problem}" for problem in _matcher_problems(case["expect"]))
            expected_classes |= {value for key, value in _members(case["expect"]) if key == "class"}
        for case in content["cases"] if file_name in EXCHANGE_FILES else ():
            requests = case["expect"].get("requests")
            if requests is not None and len(requests) != len(case["answers"]):
                yield f"{file_name}.json: {case['name']}: {len(requests)} requests but {len(case['answers'])} answers"
    abstract = {"LinkSkipper", "Api"}
    for missing in sorted(files["problems"]["tree"].keys() - abstract - expected_classes):
        yield f"no case expects the error class {missing}"


def _matcher_problems(value: Json) -> Iterator[str]:
    for key, member in _members(value):
        if key == "$matches":
            try:
                re.compile(member)
            except re.error as error:
                yield f"{member!r} is not a regular expression: {error}"
        if key in {"$between", "sleeps", "quiet"}:
            ranges = [member] if key == "$between" else member
            yield from (f"the range {low} to {high} is empty" for low, high in ranges if low > high)


def check_openapi(openapi: Json, files: dict[str, Json]) -> Iterator[str]:
    """Find operations, parameters, members and error codes of the API that no case names."""
    offered = {
        (method, path): operation
        for path, item in openapi["paths"].items()
        if path.startswith("/v1/")
        for method, operation in item.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }
    known = {operation: name for name, operation in OPERATIONS.items()}
    for operation, description in offered.items():
        label = f"{operation[0].upper()} {operation[1]}"
        if operation not in known:
            yield f"openapi.json: no case calls {label}. Name the operation in lint.py and add cases"
            continue
        yield from (
            f"openapi.json: {label}: {problem}" for problem in _uncovered(openapi, description, known[operation], files)
        )
    codes = {
        answer["json"].get("code") for answer in _answers(files["problems"]) if isinstance(answer.get("json"), dict)
    }
    for code in sorted(_error_codes(openapi) - codes):
        yield f"openapi.json: no case of problems.json has the error code {code}"


def _uncovered(openapi: Json, operation: Json, call: str, files: dict[str, Json]) -> Iterator[str]:
    requests = [case for case in files["requests"]["cases"] if case["call"]["method"] == call]
    sent = {
        name for case in requests for request in case["expect"].get("requests", ()) for name, _ in _members(request)
    }
    for parameter in operation.get("parameters", ()):
        resolved = _resolve(openapi, parameter)
        if resolved["in"] == "query" and resolved["name"] not in sent:
            yield f"no case of requests.json sends the parameter {resolved['name']}"
    for media in operation.get("requestBody", {}).get("content", {}).values():
        for member in sorted(_resolve(openapi, media["schema"]).get("properties", {}).keys() - sent):
            yield f"no case of requests.json sends the member {member}"
    results = [
        case for case in files["results"]["cases"] if case["call"]["method"] == call and "result" in case["expect"]
    ]
    answered = {name for case in results for answer in case["answers"] for name, _ in _members(answer)}
    expected = {name for case in results for name, _ in _members(case["expect"]["result"])}
    for status, response in operation["responses"].items():
        if not status.startswith("2"):
            continue
        for media in _resolve(openapi, response).get("content", {}).values():
            for member in sorted(_schema_members(openapi, media["schema"], frozenset())):
                if member not in answered or (member not in expected and member not in REPLACED):
                    yield f"no case of results.json names the member {member} of the {status}"


def _schema_members(openapi: Json, schema: Json, seen: frozenset[str]) -> set[str]:
    """Return the names of all members of a schema and of the schemas inside it."""
    reference = schema.get("$ref")
    if reference in seen:
        return set()
    schema = _resolve(openapi, schema)
    seen |= {reference} if reference else set()
    names: set[str] = set(schema.get("properties", {}))
    inner = [
        *schema.get("properties", {}).values(),
        *schema.get("anyOf", ()),
        *schema.get("oneOf", ()),
        *schema.get("allOf", ()),
    ]
    if "items" in schema:
        inner.append(schema["items"])
    for part in inner:
        names |= _schema_members(openapi, part, seen)
    return names


def _error_codes(openapi: Json) -> set[str]:
    schemas = openapi["components"]["schemas"].values()
    codes = [schema.get("properties", {}).get("code", {}) for schema in schemas]
    return {value for code in codes for value in [code.get("const"), *code.get("enum", ())] if value is not None}


def _resolve(openapi: Json, value: Json) -> Json:
    while "$ref" in value:
        target = openapi
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def _answers(content: Json) -> Iterator[Json]:
    return (answer for case in content["cases"] for answer in case["answers"])


def _members(value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield name, member
            yield from _members(member)
    elif isinstance(value, list):
        for item in value:
            yield from _members(item)


if __name__ == "__main__":
    sys.exit(main())
