"""One name means one thing in the whole tree (CONTRIBUTING.md, "Names")."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import linkskipper

SOURCE = Path(linkskipper.__file__).parent


def test_type_names_mean_one_thing() -> None:
    """No class and no type alias has the name of another one."""
    homes: dict[str, list[str]] = defaultdict(list)
    for file in sorted(SOURCE.rglob("*.py")):
        for name in type_names(ast.parse(file.read_text())):
            homes[name].append(str(file.relative_to(SOURCE)))
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


def test_type_names_are_found() -> None:
    """Classes, annotated aliases, and aliases of generic types count. Variables do not."""
    module = ast.parse('class Aa: ...\nBb: TypeAlias = "Aa"\nCc = Callable[[], Aa]\ndd = rows[0]\nEE = rows[1]\nFf = 3')
    assert list(type_names(module)) == ["Aa", "Bb", "Cc"]


def type_names(module: ast.Module) -> Iterator[str]:
    """Yield the public and private names of types that a module defines."""
    for node in module.body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="TypeAlias")):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript()) if not (
                name.isupper() or name.islower()
            ):
                yield name
