"""The examples of docs/guides/library.md and docs/guides/recordings.md do what they say."""

import json
import re
from pathlib import Path

import pytest

import linkskipper
from linkskipper.catalog import Catalog, Provider
from linkskipper.egress.har import read_har
from support.replay import replay
from support.shortener import provider

DOCS = Path(__file__).parents[3] / "docs" / "guides"
EXAMPLES = re.findall(r"```python\n(.*?)```", (DOCS / "library.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_examples(number: int) -> None:
    """Each example runs on its own, and what it asserts holds."""
    exec(compile(EXAMPLES[number], f"docs/guides/library.md, example {number + 1}", "exec"), {})  # noqa: S102 - ours


def test_every_name_is_told() -> None:
    """All public names but those of settings and recordings that speak for themselves stand on the page."""
    page = (DOCS / "library.md").read_text()
    unsaid = {name for name in linkskipper.__all__ if not re.search(rf"\b{name}\b", page)}
    assert unsaid == {"HarError", "Mechanism", "NotRecorded", "NotResolved", "SettingsError"}


async def test_the_recording_by_hand(tmp_path: Path) -> None:
    """The file that docs/guides/recordings.md shows can be played back."""
    (shown,) = re.findall(r"```json\n(.*?)```", (DOCS / "recordings.md").read_text(), re.DOTALL)
    (tmp_path / "x.har").write_text(json.dumps(json.loads(shown)))
    catalog = Catalog([Provider.model_validate(provider("short.example"))])
    ((outcome, resolution),) = await replay(read_har(tmp_path / "x.har"), catalog)
    assert resolution.target_url == outcome.target_url == "https://example.com/"
