"""The reference page: the OpenAPI document for people, in one file that needs no script and no other host."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlencode

from linkskipper.api.openapi.schemas import Json, Member, members, resolve, type_in_words
from linkskipper.api.problems import PAGE, PROBLEM, STYLE

LAYOUT = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
SECTION = Template(
    '<section id="$name" aria-labelledby="$name-title"><div class="text">\n'
    '<h2 id="$name-title">$summary</h2>\n'
    '<p class="address"><span class="$method">$method</span> <code>$path</code></p>\n'
    '<p>$description</p>\n$asked\n$answers\n$errors\n</div>\n<div class="examples">\n$examples\n</div></section>'
)
CODE = re.compile(r"`([^`]+)`")
JSON_KEY = re.compile(r'^(\s*)("[^"]+"):', re.MULTILINE)


def render(document: Json) -> str:
    """The whole page."""
    operations = list(_operations(document))
    return LAYOUT.substitute(
        style=STYLE,
        title=escape(document["info"]["title"]),
        about=_text(document["info"]["description"]),
        server=escape(document["servers"][0]["url"]),
        errors=PAGE,
        contents="\n".join(_link(*operation) for operation in operations),
        sections="\n".join(_section(document, *operation) for operation in operations),
    )


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
        description=_text(operation["description"]),
        asked=_parameters(document, operation) + _body(document, operation),
        answers=_answers(document, operation),
        errors=_errors(document, operation),
        examples=_examples(document, method, path, operation),
    )


def _parameters(document: Json, operation: Json) -> str:
    found = [resolve(document, parameter) for parameter in operation.get("parameters", [])]
    if not found:
        return ""
    rows = (
        Member(each["name"], each["schema"], each.get("required", False), each["description"], place=each["in"])
        for each in found
    )
    return "<h3>Parameters</h3>" + _members(rows, _if_required)


def _body(document: Json, operation: Json) -> str:
    if "requestBody" not in operation:
        return ""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return "<h3>Body</h3>" + _members(members(document, schema), _if_required)


def _answers(document: Json, operation: Json) -> str:
    parts = []
    for status, answer in operation["responses"].items():
        if "application/json" in answer["content"]:
            schema = answer["content"]["application/json"]["schema"]
            parts.append(
                f'<h3>Answer <span class="good">{status}</span></h3><p>{_text(answer["description"])}</p>'
                + _members(members(document, schema), _if_optional)
            )
    return "\n".join(parts)


def _if_required(member: Member) -> str:
    return ' <span class="note">required</span>' if member.needed else ""


def _if_optional(member: Member) -> str:
    return "" if member.needed else ' <span class="note">not always</span>'


def _members(rows: Iterable[Member], note: Callable[[Member], str]) -> str:
    return f"<dl>{''.join(_member(row, note(row)) for row in rows)}</dl>"


def _member(member: Member, note: str) -> str:
    kind = _text(type_in_words(member.schema)) + (f" · {member.place}" if member.place else "")
    return (
        f"<div><dt><code>{escape(member.name)}</code> <small>{kind}</small>{note}</dt>"
        f"<dd>{_text(member.description)}</dd></div>"
    )


def _errors(document: Json, operation: Json) -> str:
    rows = "".join(
        f'<div><dt><span class="bad">{status}</span> <a href="{PAGE}#{code}"><code>{code}</code></a></dt>'
        f"<dd>{_text(_said_of(document, code))}</dd></div>"
        for status, answer in operation["responses"].items()
        if PROBLEM in answer["content"]
        for code in answer["content"][PROBLEM]["examples"]
    )
    return f"<h3>Errors</h3><dl>{rows}</dl>"


def _said_of(document: Json, code: str) -> str:
    schemas: dict[str, Json] = document["components"]["schemas"]
    return next(
        str(schema["description"])
        for schema in schemas.values()
        if schema["properties"].get("code", {}).get("const") == code
    )


def _examples(document: Json, method: str, path: str, operation: Json) -> str:
    panels = [_panel("Request", escape(_curl(document, method, path, operation)), shown=True)]
    for status, answer in operation["responses"].items():
        for kind, content in answer["content"].items():
            for name, example in content["examples"].items():
                title = f'<span class="{"bad" if kind == PROBLEM else "good"}">{status}</span> {name.replace("_", " ")}'
                panels.append(_panel(title, _json(example["value"]), shown=len(panels) == 1))
    return "\n".join(panels)


def _panel(title: str, html: str, *, shown: bool) -> str:
    return f'<details{" open" if shown else ""}><summary>{title}</summary><pre tabindex="0">{html}</pre></details>'


def _curl(document: Json, method: str, path: str, operation: Json) -> str:
    """A command that can be pasted, with an example for each parameter."""
    asked = [resolve(document, parameter) for parameter in operation.get("parameters", [])]
    filled = path.format(**{each["name"]: each["example"] for each in asked if each["in"] == "path"})
    query = urlencode({each["name"]: each["example"] for each in asked if each["in"] == "query"})
    address = document["servers"][0]["url"] + filled + (f"?{query}" if query else "")
    lines = [f"curl -s '{address}'", '-H "Authorization: Bearer $LINKSKIPPER_KEY"']
    lines += [f"-H '{each['name']}: {each['example']}'" for each in asked if each["in"] == "header"]
    if method == "post" and "requestBody" not in operation:
        lines.insert(1, "-X POST")
    elif method == "post":
        example = next(iter(operation["requestBody"]["content"]["application/json"]["examples"].values()))
        lines += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(example['value'])}'"]
    return " \\\n  ".join(lines)


def _json(value: Any) -> str:
    marked: str = JSON_KEY.sub(r"\1<b>\2</b>:", escape(json.dumps(value, indent=2, ensure_ascii=False), quote=False))
    return marked


def _text(text: str) -> str:
    """Plain text with `code` in it, as HTML."""
    return CODE.sub(r"<code>\1</code>", escape(text))
