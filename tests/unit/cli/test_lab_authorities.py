"""serve --lab trusts the authority of the settings as well as that of the lab."""

from pathlib import Path

from linkskipper.cli.serve import _authorities


def test_both_authorities_are_trusted(tmp_path: Path) -> None:
    """The bundle holds both certificates."""
    own, lab = tmp_path / "own.pem", tmp_path / "lab" / "lab-ca.pem"
    lab.parent.mkdir()
    own.write_text("own")
    lab.write_text("lab")
    assert _authorities(own, lab).read_text().split() == ["own", "lab"]


def test_without_a_setting_the_lab_is_trusted_alone(tmp_path: Path) -> None:
    """Nothing is written."""
    assert _authorities(None, tmp_path / "lab-ca.pem") == tmp_path / "lab-ca.pem"
    assert list(tmp_path.iterdir()) == []
