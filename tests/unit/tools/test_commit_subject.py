"""tools.commit_subject accepts subjects as CONTRIBUTING.md wants them, and says what is wrong with others."""

from pathlib import Path

import pytest

from tools.commit_subject import main, problems


@pytest.mark.parametrize(
    "message",
    [
        "webhooks: retry after a closed connection",
        "jobs, credits: use standard names\n\nThe reason.\n",
        "docs: " + "x" * 66,
        "Merge branch 'main'",
        'Revert "docs: x"',
    ],
)
def test_accepted(message: str) -> None:
    """An area, a colon, and at most 72 characters. Messages that git writes pass."""
    assert problems(message) == []


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("docs: " + "x" * 67, "73 characters"),
        ("Retry after a closed connection", "area"),
        ("webhooks: retry.", "full stop"),
        ("webhooks: retry\nThe reason.", "second line"),
        ("", "area"),
    ],
)
def test_refused(message: str, words: str) -> None:
    """Each rule has its words."""
    (fault,) = problems(message)
    assert words in fault


def test_comments_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Git's own comments in the file are not the message."""
    (tmp_path / "message").write_text("# Please enter\ndocs: say why\n# more\n")
    assert main(str(tmp_path / "message")) == 0
    (tmp_path / "message").write_text("say why\n")
    assert main(str(tmp_path / "message")) == 1
    assert "area" in capsys.readouterr().err
