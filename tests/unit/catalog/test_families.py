"""Families: what a provider file takes from its family, and what it keeps."""

from pathlib import Path

import pytest

from linkskipper.catalog import Provider, check
from linkskipper.catalog.families import families

BARE: dict[str, object] = {"id": "a", "label": "A", "hosts": ["a.test"], "tier": "standard"}


def provider(**fields: object) -> Provider:
    return Provider.model_validate({**BARE, **fields})


@pytest.mark.parametrize("family", families())
def test_every_family_completes_a_provider(family: str) -> None:
    """Each family is valid, and completes a file of four lines."""
    made = provider(family=family)
    assert made.family == family
    assert made.steps


def test_the_default_family() -> None:
    """A file that names no family redirects."""
    assert provider().family == "redirect"
    assert provider().steps == provider(family="redirect").steps


def test_own_fields_win() -> None:
    """Tables are completed field by field. Steps and plain fields replace those of the family."""
    family = provider(family="adlinkfly")
    own = provider(family="adlinkfly", latency="9s", limits={"max_wait": 7}, steps=[{"use": "fetch"}])
    assert (own.latency, own.limits.max_wait) == ("9s", 7)
    assert own.limits.timeout == family.limits.timeout != provider().limits.timeout
    assert [step.use for step in own.steps] == ["fetch"]


def test_unknown_family(tmp_path: Path) -> None:
    """An unknown family is reported with the known ones."""
    file = tmp_path / "a.toml"
    file.write_text('id = "a"\nlabel = "A"\nhosts = ["a.test"]\ntier = "standard"\nfamily = "adfly"')
    (issue,) = check([file])
    assert issue.field == "family"
    assert 'no family "adfly". There is adlinkfly, ' in issue.message
