"""Every link in the documents leads somewhere."""

import re
from pathlib import Path

import pytest

from support.documents import DOCS, ROOT, anchors, documents, links, without_code

DOCUMENTS = {str(path.relative_to(ROOT)): path for path in documents()}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    """A relative link names a file of the project, and its anchor a heading of that file."""
    page = DOCUMENTS[name]
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), f"{name} links to {target}, which does not exist"
        assert linked.is_relative_to(ROOT), f"{name} links to {target}, outside of the project"
        if anchor and linked.suffix == ".md":
            assert anchor in anchors(linked), f"{name} links to {target}, which is not a heading there"


def test_every_document_is_reachable() -> None:
    """A reader who follows links from README.md comes to every page."""
    seen, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = (target.partition("#")[0] for target in links(page) if not re.match(r"[a-z]+:", target))
        waiting += [(page.parent / target).resolve() for target in targets if target]
    unreachable = [name for name, page in DOCUMENTS.items() if page.is_relative_to(DOCS) and page not in seen]
    assert not unreachable


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_exist(name: str) -> None:
    """A file that a document names with its folder exists, in the project or in the package."""
    text = without_code(DOCUMENTS[name].read_text())
    for file in re.findall(r"`((?:[a-z_.-]+/)+[a-z0-9_.-]+\.(?:py|toml|sql|html|json|txt|md))`", text):
        assert any((folder / file).exists() for folder in (ROOT, ROOT / "src/linkskipper")), f"{name} names {file}"
