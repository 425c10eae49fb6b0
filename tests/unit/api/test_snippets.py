"""The examples of the reference page call what the SDKs have."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from linkskipper.api.openapi import openapi_document
from linkskipper.api.pages.reference import read_examples
from linkskipper.api.pages.snippets import LANGUAGES, SDK_CALLS, Example, camel_case

ROOT = Path(__file__).parents[3]
SDKS = ROOT / "sdks"
EXAMPLES = {example.operation: example for example in read_examples(openapi_document("http://127.0.0.1:8000"))}
UNKNOWN = Example("post", "http://x", "new", "/v1/new/{id}", {"id": 7}, {"a": 1}, {}, {"x": [1, "it's", None, True]})


def test_every_operation_has_a_method() -> None:
    """The table names the operations of the API, and no others."""
    assert SDK_CALLS.keys() == EXAMPLES.keys()


@pytest.mark.parametrize("operation", SDK_CALLS)
def test_python_calls_exist(operation: str) -> None:
    """The method takes the arguments that the example gives."""
    call = python_call(LANGUAGES["Python"](EXAMPLES[operation]))
    *path, name = ast.unparse(call.func).split(".")
    method = python_method("Webhooks" if path[-1] == "webhooks" else "LinkSkipper", name)
    assert {keyword.arg for keyword in call.keywords} <= {argument.arg for argument in method.args.kwonlyargs}
    assert len(call.args) <= len(method.args.args) - 1


@pytest.mark.parametrize("operation", SDK_CALLS)
def test_php_calls_exist(operation: str) -> None:
    """The method takes the arguments that the example gives."""
    text = LANGUAGES["PHP"](EXAMPLES[operation])
    (name, arguments) = re.findall(r"->(\w+)\((.*?)\)(?: as|\);)", text)[-1]
    file = "Webhooks" if "->webhooks->" in text else "LinkSkipper"
    source = (SDKS / "php" / "src" / f"{file}.php").read_text()
    (parameters,) = re.findall(rf"public function {name}\((.*?)\): ", source, re.DOTALL)
    assert set(re.findall(r"(\w+): ", arguments)) <= set(re.findall(r"\$(\w+)", parameters))


@pytest.mark.parametrize("operation", SDK_CALLS)
def test_javascript_calls_exist(operation: str) -> None:
    """The method exists where the SDK is in the tree."""
    name = camel_case(SDK_CALLS[operation].method).rpartition(".")[2]
    assert f".{name}(" in LANGUAGES["JavaScript"](EXAMPLES[operation])
    client = SDKS / "js" / "src" / "client.ts"
    assert not client.exists() or re.search(rf"^  (async )?{name}\(", client.read_text(), re.MULTILINE)


@pytest.mark.parametrize("example", [*EXAMPLES.values(), UNKNOWN], ids=lambda example: example.operation)
def test_examples_are_programs(example: Example, tmp_path: Path) -> None:
    """Every example is valid in its language, also of an operation that the SDKs do not know."""
    ast.parse(LANGUAGES["Python"](example))
    for name, text, command in (
        ("x.mjs", LANGUAGES["JavaScript"](example), ["node", "--check"]),
        ("x.php", f"<?php\n{LANGUAGES['PHP'](example)}", ["php", "-l"]),
        ("x.sh", LANGUAGES["curl"](example), ["sh", "-n"]),
    ):
        (tmp_path / name).write_text(text)
        subprocess.run([*command, tmp_path / name], check=True, capture_output=True)


def test_an_operation_that_the_sdks_do_not_know() -> None:
    """The example uses the raw request, with strings in the query."""
    assert "client.request(\"POST\", \"/v1/new/7\", query={'a': '1'}, body=" in LANGUAGES["Python"](UNKNOWN)
    assert "body: ['x' => [1, 'it\\'s', null, true]]" in LANGUAGES["PHP"](UNKNOWN)
    assert 'client.request("POST", "/v1/new/7", { query: {"a": "1"}, body:' in LANGUAGES["JavaScript"](UNKNOWN)


def python_call(text: str) -> ast.Call:
    """Return the call of the client in an example."""
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return next(call for call in calls if ast.unparse(call.func).startswith("client."))


def python_method(kind: str, name: str) -> ast.FunctionDef:
    """Return the source of a method of the SDK for Python."""
    tree = ast.parse((SDKS / "python" / "src" / "linkskipper_sdk" / "client.py").read_text())
    nodes = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind)
    return next(node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name)
