"""Every document and section that the code cites exists."""

import re
from pathlib import Path

import pytest

from support.documents import DOCS, ROOT, anchors, headings

CITING = [
    path
    for folder in ("src", "tests", "bench", "tools", "requirements")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".toml", ".sql", ".html"}
]
CITATION = re.compile(r'docs/(?P<page>[\w./-]+\.\w+)(?:, "(?P<section>[^"\n]+)"|#(?P<anchor>[\w-]+))?')
BARE_PAGE = re.compile(r'(?<![\w/."-])(?:api|safety|providers|operating|mending|house|design|style)\.md\b')


@pytest.mark.parametrize("path", CITING, ids=lambda path: str(path.relative_to(ROOT)))
def test_citations_lead_somewhere(path: Path) -> None:
    """A page that the code names exists, and so does the section that it names in quotes."""
    text = re.sub(r"\s*\n\s*#?\s*", " ", path.read_text())
    for citation in CITATION.finditer(text):
        page = DOCS / citation["page"]
        assert page.exists(), f"{citation[0]}: there is no such page"
        if citation["section"]:
            assert citation["section"] in headings(page), f"{citation[0]}: there is no such section"
        if citation["anchor"]:
            assert citation["anchor"] in anchors(page), f"{citation[0]}: there is no such section"
    assert BARE_PAGE.search(text) is None, "cite a page by its path, such as docs/reference/api.md"
