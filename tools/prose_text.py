"""Find the prose in source files and documents: what people read, without code."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple


class Passage(NamedTuple):
    """Connected prose and the 1-based line on which it begins."""

    line: int
    text: str


def passages(path: Path) -> Iterator[Passage]:
    """Yield the prose of a file, by its suffix."""
    text = path.read_text(encoding="utf-8")
    return _READERS[path.suffix](text)


def python(text: str) -> Iterator[Passage]:
    """Yield the comments, docstrings and messages of Python source."""
    yield from _python_comments(text)
    tree = ast.parse(text)
    docstrings = {id(node) for node in _docstrings(tree)}
    for line, string, is_docstring in _strings(tree, docstrings):
        prose = without_code(string) if is_docstring else message(string)
        yield Passage(line, prose)


def markdown(text: str) -> Iterator[Passage]:
    """Yield the paragraphs, list items, table cells and headings of Markdown, without its code."""
    text = re.sub(r"^( *)(```|~~~).*?^\1\2", _blank, text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!--.*?-->", _blank, text, flags=re.DOTALL)
    text = re.sub(r"^\[[^\]]+\]: \S+$", _blank, text, flags=re.MULTILINE)
    lines = re.sub(r"\]\([^)]*\)", "]", without_code(text)).splitlines()
    first, paragraph = 0, list[str]()
    for number, line in enumerate([*lines, ""], 1):
        mark = re.match(r"\s*(?:$|[-*+] |\d+\. |#+ |> ?|\|)", line)
        if mark and paragraph:
            yield Passage(first, "\n".join(paragraph))
            paragraph = []
        if mark and mark[0].endswith("|"):
            yield from (Passage(number, cell.strip()) for cell in line.split("|"))
        elif text := line[mark.end() if mark else 0 :]:
            first = first if paragraph else number
            paragraph.append(text)


def hash_comments(text: str) -> Iterator[Passage]:
    """Yield the comments and the strings of TOML."""
    yield from _line_comments(text, "#")
    for match in re.finditer(r'^\s*(?:note|label|description|name)\s*=\s*"(.*)"', text, re.MULTILINE):
        yield Passage(text.count("\n", 0, match.start(1)) + 1, match[1])


def sql(text: str) -> Iterator[Passage]:
    """Yield the comments of SQL."""
    return _line_comments(text, "--")


def html(text: str) -> Iterator[Passage]:
    """Yield the text and the comments of HTML and of its templates."""
    text = re.sub(r"<(script|style)\b.*?</\1>|\{[%{#].*?[%}#]\}|<[^>]*>", _blank, text, flags=re.DOTALL)
    for match in re.finditer(r"^.*\S.*$", without_entities(text), re.MULTILINE):
        yield Passage(text.count("\n", 0, match.start()) + 1, match[0].strip())


def without_code(text: str) -> str:
    """Replace what stands in backticks by one word, so that no pattern matches code."""
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", lambda code: "`x`" + "\n" * code[0].count("\n"), text, flags=re.DOTALL)


def without_entities(text: str) -> str:
    """Replace each HTML entity by a letter, because its semicolon ends no thought."""
    return re.sub(r"&#?\w+;", "x", text)


def message(string: str) -> str:
    """Return the prose of a string: its SQL comments, its HTML text, all of a message, or nothing."""
    if re.match(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|LOCK|SET|EXPLAIN|--)\b", string):
        return "\n".join(comment.text for comment in sql(string))
    if re.search(r"<\w+[^>]*>", string):
        string = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", _blank, without_entities(string), flags=re.DOTALL)
    is_code = re.search(r"[{}=\\]|charset|\w\(", string) is not None
    return string.replace(";", ",") if is_code else without_code(string)


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            yield first.value


def _strings(node: ast.AST, docstrings: set[int]) -> Iterator[tuple[int, str, bool]]:
    """Yield the line and text of each string, and whether it is a docstring. An f-string is one string."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "x" for part in child.values)
            yield child.lineno, "".join(str(part) for part in parts), False
            for value in child.values:
                if isinstance(value, ast.FormattedValue):
                    yield from _strings(value.value, docstrings)
        elif isinstance(child, ast.Constant):
            if isinstance(child.value, str):
                yield child.lineno, child.value, id(child) in docstrings
        else:
            yield from _strings(child, docstrings)


def _python_comments(text: str) -> Iterator[Passage]:
    """Yield the comments. Comments on consecutive lines are one passage."""
    lines = {
        token.start[0]: token.string.lstrip("#: ")
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT and "noqa" not in token.string
    }
    return _join_lines({line: without_code(comment) for line, comment in lines.items()})


def _line_comments(text: str, mark: str) -> Iterator[Passage]:
    pattern = re.compile(rf'^(?:[^"\']|"[^"]*"|\'[^\']*\')*?(?<!\S){mark}\s?(.*)$')
    matches = ((number, pattern.match(line)) for number, line in enumerate(text.splitlines(), 1))
    return _join_lines({number: without_code(match[1]) for number, match in matches if match})


def _join_lines(lines: dict[int, str]) -> Iterator[Passage]:
    first, parts = 0, list[str]()
    for line, text in lines.items():
        if parts and line == first + len(parts):
            parts.append(text)
            continue
        if parts:
            yield Passage(first, "\n".join(parts))
        first, parts = line, [text]
    if parts:
        yield Passage(first, "\n".join(parts))


def _blank(match: re.Match[str]) -> str:
    """Keep the line breaks of a removed part, so that line numbers stay right."""
    return "\n" * match[0].count("\n")


_READERS: dict[str, Callable[[str], Iterator[Passage]]] = {
    ".py": python,
    ".md": markdown,
    ".toml": hash_comments,
    ".sql": sql,
    ".html": html,
}
