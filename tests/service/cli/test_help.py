"""The help of all commands has one look, and says what a user needs to know."""

from collections.abc import Iterator

import pytest
import typer
import typer.core
from typer.main import get_command
from typer.testing import CliRunner

from linkskipper.cli.commands import COMMANDS, app
from support.processes import run

VERBS = {"Accept", "Add", "Bring", "Check", "Correct", "Create", "Give", "Inspect", "List", "Manage", "Refuse"}
VERBS |= {"Disable", "End", "Examine", "Let", "Print", "Resolve", "Restore", "Revoke", "Run", "Send", "Show", "Sign"}
VERBS |= {"Move", "Write"}


def commands() -> Iterator[tuple[str, ...]]:
    """Yield the words of each command and group."""
    root = get_command(app)
    assert isinstance(root, typer.core.TyperGroup)
    context = typer.Context(root)
    yield ()
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        yield (name,)
        if isinstance(command, typer.core.TyperGroup):
            yield from ((name, inner) for inner in command.commands)


def help_of(*words: str) -> list[str]:
    """Return the lines of a command's help, without blank ones."""
    result = CliRunner().invoke(app, [*words, "--help"], prog_name="linkskipper", env={"COLUMNS": "200"})
    assert result.exit_code == 0
    return [line.strip() for line in result.stdout.splitlines() if line.strip()]


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_help(words: tuple[str, ...]) -> None:
    """Each has usage, an imperative first line that ends with a full stop, and a description of each option."""
    lines = help_of(*words)
    usage, summary = lines[:2]
    assert usage.startswith(f"Usage: linkskipper {' '.join(words)}".strip())
    assert summary.endswith(".")
    assert summary.split()[0].rstrip(",") in VERBS
    assert any("─ Options ─" in line for line in lines)
    for line in lines:
        if line.startswith(("│ --", "│ *  --")):
            assert line.rstrip("│ ").endswith((".", "]")), line


def test_defaults_name_their_settings() -> None:
    """Options of serve name the variable that sets their default."""
    text = "\n".join(help_of("serve"))
    for name in ("HOST", "PORT", "DATA_DIR", "LAB"):
        assert f"[default: (LINKSKIPPER_{name}" in text


async def test_root() -> None:
    """The root lists each command with its description, without a terminal too."""
    ended = await run("--help", COLUMNS="200")
    assert (ended.code, ended.err) == (0, "")
    for words in commands():
        if len(words) == 1:
            [line] = [line for line in ended.out.splitlines() if line.split()[1:2] == list(words)]
            assert line.rstrip("│ ").endswith(".")


def test_summaries() -> None:
    """The summary that --help shows without loading a command is the first sentence of the command's own help."""
    root = get_command(app)
    assert isinstance(root, typer.core.TyperGroup)
    for name, command in COMMANDS.items():
        own = root.get_command(typer.Context(root), name)
        assert own is not None
        assert own.help is not None
        assert command.summary == own.help.partition("\n\n")[0].replace("\n", " ")
