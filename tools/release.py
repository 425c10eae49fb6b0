"""Check that version, CHANGELOG and tag agree, then build the package (docs/contributing/release.md)."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

RELEASED = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)


def problems(root: Path) -> Iterator[str]:
    """Yield the reasons for which the commit at `root` is not a release."""
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    changelog = (root / "CHANGELOG.md").read_text()
    released = RELEASED.search(changelog)
    if released is None or released[1] != version:
        newest = released[1] if released else "missing"
        yield f"pyproject.toml has version {version}, the newest section of CHANGELOG.md is {newest}."
    if unreleased := re.search(r"^## \[Unreleased\]\s*\n(?=\S)(?!## )", changelog, re.MULTILINE):
        line = changelog.count("\n", 0, unreleased.end()) + 1
        yield f"CHANGELOG.md:{line}: move the entries of [Unreleased] into the section of the release."
    yield from _sdk_problems(root)
    tags = _git(root, "tag", "--points-at", "HEAD").split()
    if f"v{version}" not in tags:
        yield f"HEAD has {'the tags ' + ', '.join(tags) if tags else 'no tag'}. Tag it: git tag v{version}"
    if changed := _git(root, "status", "--porcelain"):
        yield f"The work tree has changes:\n{changed}"


def _sdk_problems(root: Path) -> Iterator[str]:
    """Yield the CHANGELOGs of SDKs that do not have a dated section for sdks/VERSION."""
    for changelog in sorted(root.glob("sdks/*/CHANGELOG.md")):
        version = (root / "sdks" / "VERSION").read_text().strip()
        released = RELEASED.search(changelog.read_text())
        if released is None or released[1] != version:
            newest = released[1] if released else "missing"
            name = changelog.relative_to(root)
            yield f"sdks/VERSION has version {version}, the newest dated section of {name} is {newest}."


def main() -> int:
    """Print the problems and return 1, or build the packages into dist/."""
    root = Path.cwd()
    found = list(problems(root))
    if found:
        sys.stderr.writelines(f"{problem}\n" for problem in found)
        return 1
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(root / "dist")]
    projects = [root, *(path.parent for path in root.glob("sdks/*/pyproject.toml"))]
    pack = ["make", "pack", f"DIST={root / 'dist'}"]
    commands = [(build, project) for project in projects]
    commands += [(pack, path.parent) for path in root.glob("sdks/*/package.json")]
    commands += [
        (["make", "build", f"DIST={root / 'dist'}"], path.parent) for path in root.glob("sdks/*/composer.json")
    ]
    return max(subprocess.run(command, cwd=folder, check=False).returncode for command, folder in commands)


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
