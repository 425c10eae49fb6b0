"""Reading and checking never raise, whatever a file holds."""

import json
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkskipper.catalog import Catalog, DiscontinuedService, Provider, Sample, Step, check
from linkskipper.catalog.discontinued import DiscontinuedFile
from linkskipper.catalog.loading.loader import read_file
from linkskipper.catalog.provider import Accept, LinkLimits, Match
from linkskipper.errors import CatalogError

STEPS = get_args(get_args(Step)[0])
FIELDS = [
    *Provider.model_fields,
    *DiscontinuedFile.model_fields,
    *(
        name
        for table in (Match, LinkLimits, Accept, Sample, DiscontinuedService, *STEPS)
        for name in table.model_fields
    ),
]
USES = [use for step in STEPS for use in get_args(step.model_fields["use"].annotation)]
WORDS = [*FIELDS, *USES, "exe.test", "*.exe.test", "https://exe.test/a", "a#b", "^/x(y)$", "url-shortener", "(", "["]
VALUES = st.recursive(
    st.one_of(
        st.sampled_from(WORDS), st.text(max_size=5), st.integers(-5, 10**20), st.floats(allow_nan=False), st.booleans()
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


def as_toml(value: object) -> str:
    """Write a value in TOML, with inline tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, float):
        return "inf" if value == float("inf") else "-inf" if value == float("-inf") else repr(value)
    return json.dumps(value)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds one file at a time."""
    return tmp_path_factory.mktemp("providers")


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    table=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8),
    name=st.sampled_from(["a", "discontinued", "graveyard"]),
)
def test_any_table(directory: Path, table: dict[str, object], name: str) -> None:
    """Known fields with wrong values at any depth."""
    good: dict[str, object] = {"id": "exe", "label": "E", "hosts": ["exe.test"], "tier": "standard"}
    file = directory / f"{name}.toml"
    for content in (table, {**good, **table}):
        file.write_text("\n".join(f"{key} = {as_toml(value)}" for key, value in content.items()), encoding="utf-8")
        check([file])
        with suppress(CatalogError):
            Catalog.load(extra_dirs=[directory])
    file.unlink()


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=60))
def test_any_bytes(directory: Path, content: bytes) -> None:
    """Bytes that are not TOML."""
    file = directory / "bytes.toml"
    file.write_bytes(content)
    assert read_file(file)
    file.unlink()
