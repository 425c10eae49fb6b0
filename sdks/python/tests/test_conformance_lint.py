"""The case files are valid, and name everything that docs/openapi.json offers."""

import importlib.util
import json
from copy import deepcopy
from types import ModuleType

import pytest

from support.cases import CONFORMANCE, load


@pytest.fixture(scope="module")
def lint() -> ModuleType:
    """Import the lint as a module."""
    spec = importlib.util.spec_from_file_location("conformance_lint", CONFORMANCE / "lint.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_cases_are_valid(lint: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """The lint finds no problem."""
    code = lint.main()
    assert code == 0, capsys.readouterr().out


def test_the_lint_finds_what_is_missing(lint: ModuleType) -> None:
    """An operation, a parameter, a member and a code that no case names are problems."""
    files = {name: load(name) for name in lint.FILES}
    openapi = json.loads(next(path for path in lint.OPENAPI_PATHS if path.exists()).read_text())
    assert list(lint.check_openapi(openapi, files)) == []
    changed = deepcopy(openapi)
    changed["paths"]["/v1/moods"] = {"get": {"responses": {}}}
    account = changed["paths"]["/v1/account"]["get"]
    account["parameters"] = [{"name": "mood", "in": "query"}]
    account["responses"]["200"]["content"]["application/json"]["schema"] = {"properties": {"mood": {}}}
    changed["components"]["schemas"]["Moody"] = {"properties": {"code": {"const": "moody"}}}
    problems = "\n".join(lint.check_openapi(changed, files))
    assert all(part in problems for part in ("GET /v1/moods", "parameter mood", "member mood", "code moody"))


def test_the_lint_finds_broken_cases(lint: ModuleType) -> None:
    """A misspelt matcher, a double name and a missing request are problems."""
    files = {name: load(name) for name in lint.FILES}
    first, second = files["requests"]["cases"][:2]
    first["expect"]["requests"][0]["json"]["url"] = {"$machtes": "x"}
    second["name"] = first["name"]
    second["answers"] = []
    problems = "\n".join([*lint.check_schemas(files), *lint.check_sense(files)])
    assert all(part in problems for part in ("$machtes", "two cases are named", "1 requests but 0 answers"))
