"""Find the log events in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


class LogEvent(NamedTuple):
    """An event that the source logs: its name, its level and its fields."""

    name: str
    level: str
    fields: frozenset[str]


def log_events(source: Path) -> list[LogEvent]:
    """Return every event that a module below `source` logs, merged by name and level, in the order of names."""
    merged = dict[tuple[str, str], frozenset[str]]()
    for path in source.rglob("*.py"):
        for event in _events(ast.parse(path.read_text())):
            key = event.name, event.level
            merged[key] = merged.get(key, frozenset()) | event.fields
    return [LogEvent(name, level, fields) for (name, level), fields in sorted(merged.items())]


def _events(tree: ast.AST) -> Iterator[LogEvent]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        event, level = node.args[0], node.func.attr
        if level in _LEVELS and isinstance(event, ast.Constant) and "." in str(event.value):
            fields = frozenset(keyword.arg for keyword in node.keywords if keyword.arg not in (None, "exc_info"))
            yield LogEvent(str(event.value), "error" if level == "exception" else level, fields)
