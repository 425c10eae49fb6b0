"""The reference page: the OpenAPI document for people."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from string import Template
from typing import Any
from urllib.parse import urlencode

from linkskipper.api.openapi.content import Json
from linkskipper.api.pages.html import html_page, html_text
from linkskipper.api.pages.schema_text import Member, dereference, members, type_text
from linkskipper.api.problems import ERRORS_PATH, PROBLEM_TYPE
from linkskipper.api.responses import ApiResponse

BODY = Template(
    '<header>\n<h1>$title API</h1>\n<p class="lead">$description</p>\n'
    '<p class="lead">The address of this service is <code>$server</code>. The <a href="$errors">errors</a> page '
    'explains every error code. <a href="/openapi.json">openapi.json</a> is this reference for programs, in OpenAPI '
    "3.1.</p>\n"
    '<nav aria-label="Operations"><ul>\n$contents\n</ul></nav>\n</header>\n<main>\n$sections\n</main>'
)
SECTION = Template(
    '<section class="operation" id="$name" aria-labelledby="$name-title"><div class="text">\n'
    '<h2 id="$name-title">$summary</h2>\n'
    '<p class="address"><span class="$method">$method</span> <code>$path</code></p>\n'
    '<p>$description</p>\n$request\n$responses\n$errors\n</div>\n<div class="examples">\n$examples\n</div></section>'
)
JSON_KEY = re.compile(r'^(\s*)("[^"]+"):', re.MULTILINE)


def reference_page(document: Json) -> ApiResponse:
    """Return the page."""
    title = document["info"]["title"]
    operations = list(_operations(document))
    body = BODY.substitute(
        title=escape(title),
        description=html_text(document["info"]["description"]),
        server=escape(document["servers"][0]["url"]),
        errors=ERRORS_PATH,
        contents="\n".join(_link(*operation) for operation in operations),
        sections="\n".join(_section(document, *operation) for operation in operations),
    )
    return html_page(f"{title} API", body, wide=True)


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _link(method: str, path: str, operation: Json) -> str:
    name = operation["operationId"]
    return f'<li><a href="#{name}"><span class="{method}">{method}</span> <code>{escape(path)}</code></a></li>'


def _section(document: Json, method: str, path: str, operation: Json) -> str:
    return SECTION.substitute(
        name=operation["operationId"],
        summary=escape(operation["summary"]),
        method=method,
        path=escape(path),
        description=html_text(operation["description"]),
        request=_parameters(document, operation) + _body(document, operation),
        responses=_responses(document, operation),
        errors=_errors(document, operation),
        examples=_examples(document, method, path, operation),
    )


def _parameters(document: Json, operation: Json) -> str:
    parameters = _dereferenced(document, operation)
    if not parameters:
        return ""
    rows = (
        Member(
            name=parameter["name"],
            schema=parameter["schema"],
            required=parameter.get("required", False),
            description=parameter["description"],
            place=parameter["in"],
        )
        for parameter in parameters
    )
    return "<h3>Parameters</h3>" + _members(rows, _required_note)


def _dereferenced(document: Json, operation: Json) -> list[Json]:
    return [dereference(document, parameter) for parameter in operation.get("parameters", [])]


def _body(document: Json, operation: Json) -> str:
    if "requestBody" not in operation:
        return ""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return "<h3>Body</h3>" + _members(members(document, schema), _required_note)


def _responses(document: Json, operation: Json) -> str:
    parts = []
    for status, response in operation["responses"].items():
        if "application/json" in response["content"]:
            schema = response["content"]["application/json"]["schema"]
            parts.append(
                f'<h3>Response <span class="good">{status}</span></h3><p>{html_text(response["description"])}</p>'
                + _members(members(document, schema), _optional_note)
            )
    return "\n".join(parts)


def _required_note(member: Member) -> str:
    return ' <span class="note">required</span>' if member.required else ""


def _optional_note(member: Member) -> str:
    return "" if member.required else ' <span class="note">not always</span>'


def _members(rows: Iterable[Member], note: Callable[[Member], str]) -> str:
    return f"<dl>{''.join(_member(row, note(row)) for row in rows)}</dl>"


def _member(member: Member, note: str) -> str:
    kind = html_text(type_text(member.schema)) + (f" · {member.place}" if member.place else "")
    return (
        f"<div><dt><code>{escape(member.name)}</code> <small>{kind}</small>{note}</dt>"
        f"<dd>{html_text(member.description)}</dd></div>"
    )


def _errors(document: Json, operation: Json) -> str:
    rows = "".join(
        f'<div><dt><span class="bad">{status}</span> <a href="{ERRORS_PATH}#{code}"><code>{code}</code></a></dt>'
        f"<dd>{html_text(_explanation(document, code))}</dd></div>"
        for status, response in operation["responses"].items()
        if PROBLEM_TYPE in response["content"]
        for code in response["content"][PROBLEM_TYPE]["examples"]
    )
    return f"<h3>Errors</h3><dl>{rows}</dl>"


def _explanation(document: Json, code: str) -> str:
    schemas: dict[str, Json] = document["components"]["schemas"]
    return next(
        str(schema["description"])
        for schema in schemas.values()
        if schema["properties"].get("code", {}).get("const") == code
    )


def _examples(document: Json, method: str, path: str, operation: Json) -> str:
    panels = [_panel("Request", escape(_curl(document, method, path, operation)), is_open=True)]
    for status, response in operation["responses"].items():
        for media_type, content in response["content"].items():
            kind = "bad" if media_type == PROBLEM_TYPE else "good"
            for name, example in content["examples"].items():
                title = f'<span class="{kind}">{status}</span> {name.replace("_", " ")}'
                panels.append(_panel(title, _json(example["value"]), is_open=len(panels) == 1))
    return "\n".join(panels)


def _panel(title: str, html: str, *, is_open: bool) -> str:
    return f'<details{" open" if is_open else ""}><summary>{title}</summary><pre tabindex="0">{html}</pre></details>'


def _curl(document: Json, method: str, path: str, operation: Json) -> str:
    """Return a command with an example for each parameter."""
    examples: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
    for parameter in _dereferenced(document, operation):
        examples[parameter["in"]][parameter["name"]] = parameter["example"]
    query = f"?{urlencode(examples['query'])}" if examples["query"] else ""
    lines = [f"curl -s '{document['servers'][0]['url']}{path.format(**examples['path'])}{query}'"]
    if method == "post" and "requestBody" not in operation:
        lines.append("-X POST")
    lines.append('-H "Authorization: Bearer $LINKSKIPPER_KEY"')
    lines += [f"-H '{name}: {value}'" for name, value in examples["header"].items()]
    if "requestBody" in operation:
        example = next(iter(operation["requestBody"]["content"]["application/json"]["examples"].values()))
        lines += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(example['value'])}'"]
    return " \\\n  ".join(lines)


def _json(value: Any) -> str:
    text = escape(json.dumps(value, indent=2, ensure_ascii=False), quote=False)
    return JSON_KEY.sub(r"\1<b>\2</b>:", text)
