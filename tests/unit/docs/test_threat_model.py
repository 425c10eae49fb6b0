"""The threat model names tests that exist, and that `make attack` runs."""

import ast
import re

import pytest

from support.attacks import is_attack
from support.documents import DOCS, ROOT

NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (DOCS / "explanation" / "security.md").read_text())


def test_every_line_names_a_test() -> None:
    """Each row of the tables has its test."""
    rows = re.findall(r"^\| (?!Could|---).*$", (DOCS / "explanation" / "security.md").read_text(), re.MULTILINE)
    assert len(rows) == len(NAMED) > 40


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_named_tests_exist(file: str, name: str) -> None:
    """The file has the test, and it is an attack."""
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert is_attack(ROOT / file) or "mark.attack" in (ROOT / file).read_text()
