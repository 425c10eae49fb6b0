"""tools.prose refuses the patterns of docs/contributing/prose.md, and nothing else."""

from pathlib import Path

import pytest

from tools.prose import DEFAULT_PATHS, ROOT, SAMPLES, check, files, find, main
from tools.prose_text import Passage

REFUSED = [
    "What is no HTTP gets a problem document.",
    "What leaves the host is noted: it is the destination.",
    "A page ends. What is over ends the link.",
    "Who waits for the time is served.",
    "Whoever sends links is a stranger.",
    "Give it to whoever waits.",
    "Remove the counts of days so long ago.",
    "Only so many links at once.",
    "A port that is no number.",
    "The page was no link.",
    "It can be no address.",
    "Close the page; open another.",
    "Close `page`; `open` another.",
    "A request without a body (a read); all others wait.",
    "The list stands beside the file.",
    "It starts anew.",
    "The ledger is kept for ever.",
    "Amid the page.",
    "Heeds the answer.",
    "The rest thereof.",
    "A sentence whose word so\n    long stands on two lines.",
    "A thought ends;\nanother begins.",
]
ALLOWED = [
    "There is no database.",
    "There can be no other worker.",
    "Is there no worker?",
    "The entry is no longer in the queue.",
    "The wait is no more than 5 s.",
    "The result has no members.",
    "The page is not a link.",
    "As long as the lease is held, nobody else runs the job.",
    "Return as many rows as `limit` allows.",
    "What happens when a worker dies?",
    "Say what changes.",
    "Name the worker who holds the lease.",
    "Besides its own hosts, a provider may allow others.",
    "Send `text/html; charset=utf-8`.",
    "Alongside the file.",
    "It lasts for everyone.",
]


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    """Each pattern is refused, also across a line break."""
    assert list(find(Passage(1, text)))


@pytest.mark.parametrize("text", ALLOWED)
def test_allowed(text: str, tmp_path: Path) -> None:
    """Plain sentences pass, and so does code in backticks."""
    (tmp_path / "page.md").write_text(text)
    assert not check(tmp_path / "page.md")


SOURCE = {
    "a docstring": '"""Close it; open it."""\n',
    "a comment": "x = 1  # close it; open it\n",
    "a comment of two lines": "# close it;\n# open it\n",
    "a message": 'raise ValueError("close it; open it")\n',
    "an f-string": 'x = f"{1} is no number"\n',
    "joined strings": 'x = "close it; " "open it"\n',
    "text in HTML": 'x = "<p>Close it; open it.</p>"\n',
    "a comment in SQL": 'x = "SELECT 1 -- whoever asks"\n',
}


@pytest.mark.parametrize("source", SOURCE.values(), ids=SOURCE)
def test_prose_of_source_is_read(source: str, tmp_path: Path) -> None:
    """Comments, docstrings and messages are prose."""
    (tmp_path / "source.py").write_text(source)
    assert [finding.line for finding in check(tmp_path / "source.py")] == [1]


CODE = {
    "SQL": 'x = "SELECT a FROM amid; SELECT b"\n',
    "a header": 'x = "text/html; charset=utf-8"\n',
    "a script": 'x = "<script>close(x); open(y)</script>"\n',
    "an entity in HTML": 'x = "<p>a &lt; b &#38; c</p>"\n',
    "a pattern": "x = r'whatever\\\\; so'\n",
    "a name": "anew = 1\n",
}


@pytest.mark.parametrize("source", CODE.values(), ids=CODE)
def test_code_is_not_read(source: str, tmp_path: Path) -> None:
    """Names, SQL, headers and scripts are not prose."""
    (tmp_path / "source.py").write_text(source)
    assert not check(tmp_path / "source.py")


def test_markdown_code_is_not_read_and_lines_are_right(tmp_path: Path) -> None:
    """Fenced code, targets of links and comments are ignored. The line of a finding is its line in the file."""
    (tmp_path / "page.md").write_text(
        "# A page\n\n```sh\ncd x; make anew\n```\n\n[a link](anew.md)\n\n"
        "| a | beside it |\n|---|---|\n\n- One.\n- Anew.\n"
    )
    assert [finding.line for finding in check(tmp_path / "page.md")] == [9, 13]


def test_other_formats(tmp_path: Path) -> None:
    """Comments of TOML and SQL, notes of provider files and the text of HTML are prose."""
    (tmp_path / "a.toml").write_text('note = "It is no shortener."\nx = "a; b"  # made anew\n')
    (tmp_path / "b.sql").write_text("SELECT 1; -- whoever asks\nSELECT anew;\n")
    (tmp_path / "c.html").write_text("<style>a { b: c; d: e }</style>\n<p class='anew'>Stand beside it.</p>\n")
    assert [(finding.path.name, finding.line) for file in files([tmp_path]) for finding in check(file)] == [
        ("a.toml", 1),
        ("a.toml", 2),
        ("b.sql", 1),
        ("c.html", 2),
    ]


def test_what_is_checked() -> None:
    """The check covers the service, its tools, tests and benchmarks. Only the samples in this file are left out."""
    python = {file for folder in ("src", "tools", "tests", "bench") for file in (ROOT / folder).rglob("*.py")}
    assert python - set(files([ROOT / name for name in DEFAULT_PATHS])) == {SAMPLES} == {Path(__file__).resolve()}


def test_exit_codes_and_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A finding is a line with its place, and exit code 1."""
    (tmp_path / "page.md").write_text("Made anew.\n")
    assert main([str(tmp_path)]) == 1
    assert f"{tmp_path}/page.md:1:" in capsys.readouterr().out
    (tmp_path / "page.md").write_text("Made again.\n")
    assert main([str(tmp_path)]) == 0
