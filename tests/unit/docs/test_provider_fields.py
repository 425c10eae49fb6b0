"""docs/reference/provider-files.md says what provider files may hold: all of it, and nothing else."""

import re
from pathlib import Path
from typing import get_args

from linkskipper.catalog import Provider, Step
from linkskipper.catalog.families import families
from linkskipper.catalog.fields import Table

DOCS = re.sub(
    r"^```.*?^```",
    "",
    (Path(__file__).parents[3] / "docs" / "reference" / "provider-files.md").read_text(),
    flags=re.MULTILINE | re.DOTALL,
)
UNIONS = get_args(get_args(Step)[0])


def told() -> set[str]:
    """Everything that the tables and the text set in code."""
    return {word for code in re.findall(r"`([^`]+)`", DOCS) for word in re.findall(r"[a-z_][a-z0-9_-]*", code)}


def test_every_field_is_told() -> None:
    """Fields of a file, and those of its tables."""
    for name, field in Provider.model_fields.items():
        assert name in told()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Table):
            for inner in field.annotation.model_fields:
                assert re.search(rf"`\[{name}\] {inner}`", DOCS), f"[{name}] {inner}"


def test_every_step_is_told_with_its_fields() -> None:
    """A line each, which names all its fields."""
    for step in UNIONS:
        (use,) = get_args(step.model_fields["use"].annotation)
        line = re.search(rf"^\| `{use}` \|(.*)$", DOCS, re.MULTILINE)
        assert line is not None, use
        fields = set(step.model_fields) - {"use", "optional"}
        assert all(f"`{field}`" in line[1] for field in fields), (use, fields)


def test_every_family_is_told() -> None:
    """By its name."""
    assert set(families()) <= told()
