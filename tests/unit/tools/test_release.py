"""`make release` accepts a commit whose version, CHANGELOG and tag agree, and says what disagrees."""

import subprocess
from pathlib import Path

import pytest

from tools.release import _sdk_problems, problems

CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-26

### Added

- Something.

## [1.2.2] - 2026-11-25
"""


def git(root: Path, *arguments: str) -> None:
    """Run git with an identity of its own."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "tag.gpgsign=false")
    subprocess.run(["git", *identity, "-C", str(root), *arguments], check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a repository whose only commit is a release."""
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    git(tmp_path, "tag", "v1.2.3")
    return tmp_path


def commit(root: Path) -> None:
    """Commit everything."""
    git(root, "add", "-A")
    git(root, "commit", "-q", "--no-gpg-sign", "-m", "release")


def test_a_release(clone: Path) -> None:
    """There is nothing to say about one that agrees."""
    assert list(problems(clone)) == []


def test_another_version(clone: Path) -> None:
    """A version that CHANGELOG does not have first."""
    (clone / "pyproject.toml").write_text('[project]\nversion = "1.2.2"\n')
    commit(clone)
    git(clone, "tag", "v1.2.2")
    assert list(problems(clone)) == ["pyproject.toml has version 1.2.2, the newest section of CHANGELOG.md is 1.2.3."]


def test_unreleased_entries(clone: Path) -> None:
    """Entries that were not moved into the section of the release."""
    (clone / "CHANGELOG.md").write_text(CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n### Fixed\n\n- More.\n"))
    commit(clone)
    git(clone, "tag", "--force", "v1.2.3")
    assert list(problems(clone)) == [
        "CHANGELOG.md:5: move the entries of [Unreleased] into the section of the release."
    ]


def test_no_tag_or_another(clone: Path) -> None:
    """A commit without the tag of its version."""
    git(clone, "tag", "--delete", "v1.2.3")
    assert list(problems(clone)) == ["HEAD has no tag. Tag it: git tag v1.2.3"]
    git(clone, "tag", "v9")
    assert list(problems(clone)) == ["HEAD has the tags v9. Tag it: git tag v1.2.3"]


def test_changes_in_the_work_tree(clone: Path) -> None:
    """Files that the tag does not have."""
    (clone / "new.txt").touch()
    assert list(problems(clone)) == ["The work tree has changes:\n?? new.txt\n"]


def test_an_sdk_without_a_dated_section(tmp_path: Path) -> None:
    """The CHANGELOG of each SDK has a dated section for the version of the SDKs."""
    (tmp_path / "sdks" / "python").mkdir(parents=True)
    (tmp_path / "sdks" / "VERSION").write_text("0.3.0\n")
    changelog = tmp_path / "sdks" / "python" / "CHANGELOG.md"
    changelog.write_text("## [0.3.0] - Unreleased\n")
    (problem,) = _sdk_problems(tmp_path)
    assert "sdks/python/CHANGELOG.md" in problem
    changelog.write_text("## [0.3.0] - 2026-06-05\n")
    assert list(_sdk_problems(tmp_path)) == []
