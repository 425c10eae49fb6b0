"""Read the project's documents: their code blocks, headings and links."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCED = re.compile(r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?\)")
_NOT_OURS = frozenset({".venv", ".git", ".linkskipper", "node_modules", ".pytest_cache", ".hypothesis", "vendor"})


class CodeBlock(NamedTuple):
    """A fenced block: its language, and its lines without the indentation of the fence."""

    language: str
    text: str


def documents() -> Iterator[Path]:
    """Yield every Markdown file of the project."""
    for path in sorted(ROOT.rglob("*.md")):
        if not _NOT_OURS & set(path.relative_to(ROOT).parts):
            yield path


def code_blocks(text: str) -> list[CodeBlock]:
    """Return the fenced blocks of a document, in their order."""
    return [
        CodeBlock(block["info"].strip(), re.sub(rf"^{block['indent']}", "", block["text"], flags=re.MULTILINE))
        for block in _FENCED.finditer(text)
    ]


def without_code(text: str) -> str:
    """Return a document without its fenced blocks."""
    return _FENCED.sub("", text)


@cache
def headings(path: Path) -> tuple[str, ...]:
    """Return the texts of a document's headings, without their Markdown."""
    lines = re.findall(r"^#{1,6} +(.+?) *#*$", without_code(path.read_text()), re.MULTILINE)
    return tuple(re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", line) for line in lines)


@cache
def anchors(path: Path) -> frozenset[str]:
    """Return the anchors that GitHub gives a document's headings."""
    slugs = list[str]()
    for heading in headings(path):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        seen = sum(re.fullmatch(rf"{re.escape(slug)}(-\d+)?", earlier) is not None for earlier in slugs)
        slugs.append(f"{slug}-{seen}" if seen else slug)
    return frozenset(slugs)


def links(path: Path) -> list[str]:
    """Return the targets of a document's links."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", without_code(path.read_text())))
