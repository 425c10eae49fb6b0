"""The reference page: the OpenAPI document for people."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from string import Template
from typing import Any

from linkskipper.api.openapi.content import Json
from linkskipper.api.pages.html import html_page, html_text
from linkskipper.api.pages.schema_text import Member, dereference, members, type_text
from linkskipper.api.pages.snippets import KEY_VARIABLE, LANGUAGES, Example, read_example
from linkskipper.api.problems import ERRORS_PATH, PROBLEM_TYPE
from linkskipper.api.responses import ApiResponse

BODY = Template(
    '<header>\n<h1>$title API</h1>\n<p class="lead">$description</p>\n'
    '<p class="lead">The address of this service is <code>$server</code>. The <a href="$errors">errors</a> page '
    'explains every error code. <a href="/openapi.json">openapi.json</a> is this reference for programs, in OpenAPI '
    "3.1. The examples read the key from the environment variable <code>$key</code>.</p>\n"
    '<nav aria-label="Operations"><ul>\n$contents\n</ul></nav>\n</header>\n'
    '<fieldset class="languages"><legend>Examples in</legend>$languages</fieldset>\n'
    "<main>\n$sections\n</main>"
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
        languages="".join(_language(name) for name in LANGUAGES),
        key=KEY_VARIABLE,
        contents="\n".join(_link(*operation) for operation in operations),
        sections="\n".join(_section(document, *operation) for operation in operations),
    )
    return html_page(f"{title} API", body, wide=True)


def read_examples(document: Json) -> Iterator[Example]:
    """Yield the example of each operation."""
    for method, path, operation in _operations(document):
        yield read_example(document, method, path, operation, _dereferenced(document, operation))


def _language(name: str) -> str:
    checked = " checked" if name == next(iter(LANGUAGES)) else ""
    return f'<label><input type="radio" name="language" id="in-{name.lower()}"{checked}>{name}</label>'


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
    example = read_example(document, method, path, operation, _dereferenced(document, operation))
    snippets = "".join(
        f'<pre class="in-{name.lower()}" aria-label="{name}" tabindex="0">{escape(snippet(example), quote=False)}</pre>'
        for name, snippet in LANGUAGES.items()
    )
    panels = [_panel("Request", snippets, is_open=True)]
    for status, response in operation["responses"].items():
        for media_type, content in response["content"].items():
            kind = "bad" if media_type == PROBLEM_TYPE else "good"
            for name, response_example in content["examples"].items():
                title = f'<span class="{kind}">{status}</span> {name.replace("_", " ")}'
                html = f'<pre tabindex="0">{_json(response_example["value"])}</pre>'
                panels.append(_panel(title, html, is_open=len(panels) == 1))
    return "\n".join(panels)


def _panel(title: str, html: str, *, is_open: bool) -> str:
    return f"<details{' open' if is_open else ''}><summary>{title}</summary>{html}</details>"


def _json(value: Any) -> str:
    text = escape(json.dumps(value, indent=2, ensure_ascii=False), quote=False)
    return JSON_KEY.sub(r"\1<b>\2</b>:", text)
