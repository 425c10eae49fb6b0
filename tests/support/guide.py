"""Follow a guide of docs/guides in a copy of the tree, by the guide's own text.

A block that begins with a comment with a path, such as `# src/x.py`, is a new file. A `diff` block that begins with
`--- path` changes a file. A `console` block has commands behind `$`, and the lines that they print.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from support.documents import DOCS, ROOT, CodeBlock, code_blocks

_NOT_COPIED = frozenset(
    {".git", ".venv", ".linkskipper", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
    | {".import_linter_cache", "node_modules", "htmlcov", "dist"}
)
_PATH = re.compile(r"(?:#|--|//) (\S+/\S+\.\w+)\n")
_TIMES = re.compile(r" +\d+ ms ")


class Guide:
    """One guide and the copy of the tree in which it is followed."""

    def __init__(self, name: str, tree: Path, *, server_url: str, database_url: str | None = None) -> None:
        """Copy the tree. Its tests use a PostgreSQL server that runs, and its other commands a database."""
        self.blocks = code_blocks((DOCS / "guides" / name).read_text())
        self.tree = tree
        self._environment = _environment(tree) | {"LINKSKIPPER_TEST_SERVER_URL": server_url}
        self._settings = {"LINKSKIPPER_DATABASE_URL": database_url} if database_url else {}
        shutil.copytree(ROOT, tree, ignore=lambda _, names: _NOT_COPIED & set(names), symlinks=True)
        _link_environment(tree)

    def follow(self) -> None:
        """Do what each block says. Commands must print what the guide prints."""
        for block in self.blocks:
            if block.language == "console":
                for command, output in commands(block.text):
                    printed = self.run(command)
                    assert _pattern(output).search(_TIMES.sub(" N ms ", printed)), f"$ {command}\n{printed}"
            elif block.language == "diff":
                self._change(block)
            elif (path := _PATH.match(block.text)) is not None:
                self._write(path[1], block)

    def run(self, command: str) -> str:
        """Run a command in the copy and return what it prints. It must succeed."""
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=self.tree,
            env=self._environment | ({} if command.startswith("make") else self._settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"$ {command}\n{ended.stdout}"
        return ended.stdout

    def _write(self, name: str, block: CodeBlock) -> None:
        """Write a file. NNNN in its name is the number that a command chose. JSON has no comment with the path."""
        (file,) = self.tree.glob(name.replace("NNNN", "*")) if "NNNN" in name else (self.tree / name,)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text.partition("\n")[2] if file.suffix in {".json", ".har"} else block.text)

    def _change(self, block: CodeBlock) -> None:
        """Apply each hunk of a diff: its context must stand in the file exactly once."""
        head, _, body = block.text.partition("\n")
        file = self.tree / head.removeprefix("--- ")
        text = file.read_text()
        for hunk in re.split(r"^@@.*\n", body, flags=re.MULTILINE):
            if not hunk:
                continue
            before = "".join(f"{line[1:]}\n" for line in hunk.splitlines() if not line.startswith("+"))
            after = "".join(f"{line[1:]}\n" for line in hunk.splitlines() if not line.startswith("-"))
            assert text.count(before) == 1, f"{head}: this stands there {text.count(before)} times:\n{before}"
            text = text.replace(before, after)
        file.write_text(text)


def commands(console: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with the lines that follow it."""
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def _pattern(output: str) -> re.Pattern[str]:
    """Compile what a guide prints: times differ, and … stands for any text in a line."""
    return re.compile(re.escape(_TIMES.sub(" N ms ", output)).replace("…", ".*"))


def _link_environment(tree: Path) -> None:
    """Give the copy the virtual environment, with stamps that keep make from installing anything into it."""
    (tree / ".venv").mkdir()
    for entry in (ROOT / ".venv").iterdir():
        if entry.name not in {"dev", "run", "pip"}:
            (tree / ".venv" / entry.name).symlink_to(entry)
    for stamp in ("pip", "run", "dev"):
        (tree / ".venv" / stamp).touch()


def _environment(tree: Path) -> dict[str, str]:
    """Return an environment in which the copy's source goes before the installed one."""
    foreign = ("LINKSKIPPER_", "PYTEST_", "MAKE", "MFLAGS", "COV_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return clean | {"PYTHONPATH": f"{tree / 'src'}:{tree}", "PATH": f"{tree / '.venv' / 'bin'}:{clean['PATH']}"}
