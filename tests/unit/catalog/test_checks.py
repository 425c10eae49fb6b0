"""What providers check says beyond the schema: each mistake with its file, its field and the fix."""

from collections.abc import Callable
from pathlib import Path

import pytest

from linkskipper.catalog import Catalog, Problem, check

BEGINNING = 'id = "exe"\nlabel = "Exe.io"\ntier = "premium"\n'
SAMPLE = '[[samples]]\nurl = "https://{}"\nexpect = "{}"\n'
RIGHT = SAMPLE.format("exe.test/abc", "https://example.com/")


def file_with(middle: str = "", *, hosts: str = "exe.test", samples: str = RIGHT) -> str:
    quoted = ", ".join(f'"{host}"' for host in hosts.split())
    return f"{BEGINNING}hosts = [{quoted}]\n{middle}\n{samples}"


def steps(*lines: str) -> str:
    return "".join(f"[[steps]]\n{line}\n" for line in lines)


FOLLOW, FETCH = 'use = "follow"', 'use = "fetch"'
QUERY = 'use = "from_query"\nparam = "url"'
QUERY_MAYBE = f"{QUERY}\noptional = true"
LINK = 'use = "link"\nselector = "a"'


@pytest.fixture
def checked(tmp_path: Path) -> Callable[[str], list[Problem]]:
    """Checks a file of that text."""

    def check_text(text: str) -> list[Problem]:
        (tmp_path / "exe.toml").write_text(text)
        return check([tmp_path / "exe.toml"])

    return check_text


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        (file_with(steps(QUERY, LINK)), "steps[1]", "never reached: steps[0] finds the destination or ends the link"),
        (file_with(steps(QUERY_MAYBE, QUERY, FOLLOW)), "steps[2]", "give that one optional = true"),
        (file_with(steps(FOLLOW, FOLLOW)), "steps[1]", "does nothing"),
        (file_with(steps(FOLLOW, FETCH)), "steps[1]", "ends as a loop; remove it"),
        (file_with(steps(FETCH, FETCH)), "steps[1]", "ends as a loop; remove it"),
        (file_with(steps(QUERY_MAYBE, QUERY)), "steps[1]", "has found nothing; remove it"),
        (file_with('[match]\npath = "^abc"'), "match.path", 'begin it with "^/"'),
        (file_with('[match]\npath = "^$"'), "match.path", 'begin it with "^/"'),
        (file_with('[match]\npath = "^[a-z]+$"'), "match.path", 'begin it with "^/"'),
        (file_with('[match]\npath = "^/x"'), "samples[0].url", '"/abc" is no link by match.path'),
        (file_with('[accept]\ndecoys = ["exe.test"]'), "accept.decoys", "only other hosts can be decoys"),
        (
            file_with('[accept]\ndecoys = ["*.exe.test"]', hosts="a.exe.test"),
            "accept.decoys",
            "a.exe.test is the provider's",
        ),
        (file_with("[limits]\ntimeout = 5\nmin_interval = 5"), "limits.min_interval", "let it be below timeout"),
        (file_with(samples=""), "samples", "there is none for exe.test; add a link"),
        (file_with(hosts="exe.test b.test"), "samples", "none for b.test"),
        (file_with(hosts="exe.test *.b.test"), "samples", "none for *.b.test"),
        (file_with(samples=SAMPLE.format("b.test/abc", "https://c.test/")), "samples[0].url", "none of the hosts"),
        (file_with(samples=SAMPLE.format("exe.test/", "https://c.test/")), "samples[0].url", "no link by match.path"),
        (file_with(samples=SAMPLE.format("", "https://c.test/")), "samples[0].url", "write a whole link"),
        (file_with(samples=SAMPLE.format("exe.test/a", "/c")), "samples[0].expect", "write the whole destination"),
        (file_with(samples=SAMPLE.format("exe.test/a", "https://exe.test/c")), "samples[0].expect", "provider's own"),
        (file_with(samples=SAMPLE.format("exe.test/a", "magnet:?x")), "samples[0].expect", "among accept.schemes"),
        (
            file_with('[accept]\ndecoys = ["ads.test"]', samples=SAMPLE.format("exe.test/a", "https://ads.test/c")),
            "samples[0].expect",
            "take it out there, or mend the sample",
        ),
    ],
)
def test_errors(checked: Callable[[str], list[Problem]], text: str, field: str, said: str) -> None:
    """One error, and nothing else."""
    problems = [problem for problem in checked(text) if problem.level == "error"]
    assert any(problem.field == field and said in problem.message for problem in problems), list(map(str, problems))


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        (file_with(steps(f"{FOLLOW}\noptional = true", LINK)), "steps[0].optional", "remove it"),
        (file_with("[limits]\ntimeout = 5\nmax_wait = 5"), "limits.max_wait", "raise timeout"),
        (file_with('status = "captcha"\nnote = "x"'), "since", "say when"),
        (file_with('status = "degraded"\nsince = 2026-01-02'), "note", "and why"),
        (file_with('[browser]\nallow = ["cdn.test"]'), "browser.allow", 'heeded with engine = "browser" only'),
    ],
)
def test_warnings(checked: Callable[[str], list[Problem]], text: str, field: str, said: str) -> None:
    """What is probably not meant is told, and called a warning."""
    (problem,) = checked(text)
    assert (problem.field, problem.level) == (field, "warning")
    assert said in problem.message
    assert ": warning: " in str(problem)


@pytest.mark.parametrize(
    "text",
    [
        file_with(hosts="exe.test *.exe.test"),
        file_with(hosts="*.exe.test", samples=SAMPLE.format("a.exe.test/b", "https://example.com/")),
        file_with(steps(QUERY_MAYBE, FOLLOW, LINK)),
        file_with(steps(FETCH, LINK, LINK)),
        file_with('[match]\npath = "abc"'),
        file_with('[match]\npath = "^/?|x"'),
        file_with('status = "dead"\nsince = 2026-01-02\nnote = "Sold."', samples=""),
        file_with('[accept]\ndecoys = ["ads.exe.test"]', hosts="exe.test *.exe.test"),
        file_with('[accept]\nschemes = ["magnet"]', samples=SAMPLE.format("exe.test/a", "magnet:?xt=urn:btih:x")),
        BEGINNING + 'hosts_from = "url-shortener"\n',
    ],
)
def test_right_files(checked: Callable[[str], list[Problem]], text: str) -> None:
    """Files that work as they are written have no problems."""
    assert checked(text) == []


def test_graveyard_and_living(tmp_path: Path) -> None:
    """A host is not dead in one file and alive in another of the same directory."""
    (tmp_path / "exe.toml").write_text(file_with())
    (tmp_path / "graveyard.toml").write_text(
        '[[dead]]\nhosts = ["exe.test"]\nlabel = "E"\nclosed = 2026-01-02\nreason = "Sold."\n'
    )
    (problem,) = check([tmp_path])
    assert (Path(problem.file).name, problem.field) == ("graveyard.toml", "dead")


def test_files_beside(tmp_path: Path) -> None:
    """A file is checked against those that it will stand beside, which are not checked themselves."""
    (tmp_path / "other.toml").write_text(file_with(samples="").replace('"exe"', '"other"'))
    new = tmp_path / "exe.toml"
    new.write_text(file_with())
    assert check([new], beside=[]) == []
    (problem,) = check([new], beside=[tmp_path])
    assert (problem.file, problem.field) == (str(new), "hosts")


def test_what_is_checked_beyond_the_schema_keeps_no_file_out(tmp_path: Path) -> None:
    """A file without samples is a provider all the same."""
    (tmp_path / "exe.toml").write_text(file_with(samples=""))
    assert Catalog.load(builtin=False, extra_dirs=[tmp_path]).find("exe") is not None


def test_every_field_at_once() -> None:
    """A file that uses every table, each beside the others, is right but for what another engine would heed."""
    (problem,) = check([Path(__file__).with_name("example.toml")])
    assert (problem.field, problem.level) == ("browser.allow", "warning")


def test_a_file_with_nearly_everything(checked: Callable[[str], list[Problem]]) -> None:
    """A file that sets what most leave open is right; its browser table is idle with the other engine."""
    text = """
id = "exe"
label = "Exe.io"
hosts = ["exe.io", "*.exe.io"]
tier = "premium"
engine = "http"
family = "adlinkfly"
latency = "15-25s, best-effort"
status = "active"
since = 2026-11-23
note = ""

[match]
path = '^/[A-Za-z0-9_-]{3,}$'

[limits]
max_hops = 10
timeout = 30
max_wait = 20
concurrency = 4
min_interval = 0.1

[browser]
allow = ["cdnjs.cloudflare.com"]

[accept]
decoys = ["ads.example"]
schemes = ["https", "http"]

[[steps]]
use = "submit"
selector = "form#link-view"

[[steps]]
use = "xhr"
selector = "form#go-link"
pick = "url"
wait = { var = "app_vars.counter_value", max = 20 }

[[samples]]
url = "https://exe.io/abc123"
expect = "https://example.com/final"
"""
    assert [(problem.field, problem.level) for problem in checked(text)] == [("browser.allow", "warning")]
