"""Example calls in curl and with the SDKs, from the examples of the OpenAPI document."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Template
from typing import Any, TypeAlias
from urllib.parse import urlencode

from linkskipper.api.openapi.content import Json

KEY_VARIABLE = "LINKSKIPPER_API_KEY"
Values: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """A call of an operation with an example for each parameter. `body` is None where the operation takes none."""

    method: str
    server: str
    operation: str
    path: str
    path_values: Values
    query: Values
    headers: Values
    body: Values | None

    @property
    def url(self) -> str:
        """Return the address of the call."""
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.server}{self.path.format(**self.path_values)}{query}"


@dataclass(frozen=True, slots=True)
class SdkCall:
    """The method of the SDKs for an operation. `item` names what the results of a list are."""

    method: str
    item: str = ""


# By operationId. Names are those of Python, and the other languages derive theirs. Other operations show `request`.
SDK_CALLS: Mapping[str, SdkCall] = {
    "resolve": SdkCall("resolve"),
    "readJob": SdkCall("get_job"),
    "listJobs": SdkCall("jobs", item="job"),
    "readAccount": SdkCall("account"),
    "listProviders": SdkCall("providers"),
    "listDeliveries": SdkCall("webhooks.deliveries", item="delivery"),
    "readDelivery": SdkCall("webhooks.delivery"),
    "redeliver": SdkCall("webhooks.redeliver"),
}
RENAMED = {"limit": "page_size", "include": "trace"}
POSITIONAL = {"url", "job_id", "delivery_id"}

PYTHON = Template("from linkskipper_sdk import LinkSkipper\n\nclient = LinkSkipper(base_url=$server)\n")
JAVASCRIPT = Template(
    'import { LinkSkipper } from "linkskipper-sdk";\n\nconst client = new LinkSkipper({ baseUrl: $server });\n'
)
PHP = Template(
    "require 'vendor/autoload.php';\n\n$$client = LinkSkipper\\Sdk\\LinkSkipper::create(baseUrl: $server);\n"
)


def read_example(document: Json, method: str, path: str, operation: Json, parameters: list[Json]) -> Example:
    """Return the example of an operation. `parameters` are its parameters without references."""
    values: dict[str, Values] = {"path": {}, "query": {}, "header": {}}
    for parameter in parameters:
        values[parameter["in"]][parameter["name"]] = parameter["example"]
    body = None
    if "requestBody" in operation:
        body = next(iter(operation["requestBody"]["content"]["application/json"]["examples"].values()))["value"]
    server = document["servers"][0]["url"]
    return Example(
        method, server, operation["operationId"], path, values["path"], values["query"], values["header"], body
    )


def curl(example: Example) -> str:
    """Return a command."""
    lines = [f"curl -s {_shell_word(example.url)}"]
    if example.method == "post" and example.body is None:
        lines.append("-X POST")
    lines.append(f'-H "Authorization: Bearer ${KEY_VARIABLE}"')
    lines += [f"-H {_shell_word(f'{name}: {value}')}" for name, value in example.headers.items()]
    if example.body is not None:
        lines += ["-H 'Content-Type: application/json'", f"-d {_shell_word(json.dumps(example.body))}"]
    return " \\\n  ".join(lines)


def python(example: Example) -> str:
    """Return a program with the SDK for Python."""
    call, positional, named = _call(example)
    arguments = [json.dumps(value) for value in positional]
    arguments += [f"{name}={_python_value(value)}" for name, value in named.items()]
    text = f"client.{call.method}({', '.join(arguments)})"
    begin = PYTHON.substitute(server=json.dumps(example.server))
    return begin + (f"for {call.item} in {text}:\n    print({call.item})" if call.item else f"print({text})")


def javascript(example: Example) -> str:
    """Return a module with the SDK for JavaScript."""
    call, positional, named = _call(example)
    arguments = [json.dumps(value) for value in positional]
    if named:
        arguments.append(f"{{ {', '.join(f'{name}: {json.dumps(value)}' for name, value in _camel(named).items())} }}")
    text = f"client.{camel_case(call.method)}({', '.join(arguments)})"
    begin = JAVASCRIPT.substitute(server=json.dumps(example.server))
    if call.item:
        return f"{begin}for await (const {call.item} of {text}) {{\n  console.log({call.item});\n}}"
    return f"{begin}console.log(await {text});"


def php(example: Example) -> str:
    """Return a program with the SDK for PHP, without its first line."""
    call, positional, named = _call(example)
    arguments = [_php_value(value) for value in positional]
    arguments += [f"{name}: {_php_value(value)}" for name, value in _camel(named).items()]
    text = f"$client->{camel_case(call.method).replace('.', '->')}({', '.join(arguments)})"
    begin = PHP.substitute(server=_php_value(example.server))
    if call.item:
        return f"{begin}foreach ({text} as ${call.item}) {{\n    print_r(${call.item});\n}}"
    return f"{begin}print_r({text});"


LANGUAGES: Mapping[str, Callable[[Example], str]] = {
    "curl": curl,
    "Python": python,
    "JavaScript": javascript,
    "PHP": php,
}


def resolve_snippets(server: str, link: str) -> list[tuple[str, str]]:
    """Return calls that resolve a link, each with the name of its language."""
    example = Example("post", server, "resolve", "/v1/resolve", {}, {}, {}, {"url": link})
    return [(language, write(example)) for language, write in LANGUAGES.items()]


def camel_case(name: str) -> str:
    """Return a name of Python as JavaScript and PHP spell it."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def _call(example: Example) -> tuple[SdkCall, list[Any], Values]:
    """Return the method for an operation, its arguments without a name, and those with one."""
    call = SDK_CALLS.get(example.operation)
    if call is not None:
        return (call, *_arguments(example))
    path = example.path.format(**example.path_values)
    query = {name: str(value) for name, value in example.query.items()}
    named = {name: value for name, value in (("query", query), ("body", example.body)) if value}
    return SdkCall("request"), [example.method.upper(), path], named


def _arguments(example: Example) -> tuple[list[Any], Values]:
    """Return the arguments without a name and those with one. The body wins over headers, as in the service."""
    headers = {name.lower().replace("-", "_"): value for name, value in example.headers.items()}
    values = {**example.path_values, **headers, **example.query, **(example.body or {})}
    named = {RENAMED.get(name, name): value for name, value in values.items() if name not in POSITIONAL}
    if "trace" in named:
        named["trace"] = True
    return [value for name, value in values.items() if name in POSITIONAL], named


def _camel(named: Values) -> Values:
    """Return arguments with the names of JavaScript and PHP, where durations are milliseconds."""
    named = {name: value for name, value in named.items() if name != "wait"} | (
        {"wait_ms": int(named["wait"] * 1000)} if "wait" in named else {}
    )
    return {camel_case(name): value for name, value in named.items()}


def _shell_word(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _python_value(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _php_value(value: Any) -> str:
    if isinstance(value, dict):
        return f"[{', '.join(f'{_php_value(name)} => {_php_value(member)}' for name, member in value.items())}]"
    if isinstance(value, list):
        return f"[{', '.join(map(_php_value, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
