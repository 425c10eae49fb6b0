"""Checks beyond the schema: each mistake is reported with its file, its field and the fix."""

from collections.abc import Callable
from pathlib import Path

import pytest

from linkskipper.catalog import Catalog, Issue, Provider, check

HEADER = 'id = "exe"\nlabel = "Exe.io"\ntier = "premium"\n'
SAMPLE = '[[samples]]\nurl = "https://{}"\nexpect = "{}"\n'
VALID = SAMPLE.format("exe.test/abc", "https://example.com/")


def file_with(middle: str = "", *, hosts: str = "exe.test", samples: str = VALID) -> str:
    quoted = ", ".join(f'"{host}"' for host in hosts.split())
    return f"{HEADER}hosts = [{quoted}]\n{middle}\n{samples}"


def steps(*lines: str) -> str:
    return "".join(f"[[steps]]\n{line}\n" for line in lines)


FOLLOW, FETCH = 'use = "follow"', 'use = "fetch"'
QUERY = 'use = "from_query"\nparam = "url"'
QUERY_MAYBE = f"{QUERY}\noptional = true"
LINK = 'use = "link"\nselector = "a"'


CheckText = Callable[[str], list[Issue]]


@pytest.fixture
def check_text(tmp_path: Path) -> CheckText:
    """Check a file with the given text."""

    def write_and_check(text: str) -> list[Issue]:
        (tmp_path / "exe.toml").write_text(text)
        return check([tmp_path / "exe.toml"])

    return write_and_check


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        (file_with(steps(QUERY, LINK)), "steps[1]", "never reached: steps[0] finds the destination or ends the link"),
        (file_with(steps(QUERY_MAYBE, QUERY, FOLLOW)), "steps[2]", "Set optional = true there"),
        (file_with(steps(FOLLOW, FOLLOW)), "steps[1]", "does nothing"),
        (file_with(steps(FOLLOW, FETCH)), "steps[1]", "ends as a loop. Remove it"),
        (file_with(steps(FETCH, FETCH)), "steps[1]", "ends as a loop. Remove it"),
        (file_with(steps(QUERY_MAYBE, QUERY)), "steps[1]", "has read. Remove it"),
        (file_with('[match]\npath = "^abc"'), "match.path", 'Begin it with "^/"'),
        (file_with('[match]\npath = "^$"'), "match.path", 'Begin it with "^/"'),
        (file_with('[match]\npath = "^[a-z]+$"'), "match.path", 'Begin it with "^/"'),
        (file_with('[match]\npath = "^/x"'), "samples[0].url", 'match.path does not match "/abc"'),
        (file_with('[accept]\ndecoys = ["exe.test"]'), "accept.decoys", "Only other hosts can be decoys"),
        (
            file_with('[accept]\ndecoys = ["*.exe.test"]', hosts="a.exe.test"),
            "accept.decoys",
            "a.exe.test is the provider's",
        ),
        (file_with("[limits]\ntimeout = 5\nmin_interval = 5"), "limits.min_interval", "Set it below timeout"),
        (file_with(samples=""), "samples", "there is none for exe.test. Add a link"),
        (file_with(hosts="exe.test b.test"), "samples", "none for b.test"),
        (file_with(hosts="exe.test *.b.test"), "samples", "none for *.b.test"),
        (file_with(samples=SAMPLE.format("b.test/abc", "https://c.test/")), "samples[0].url", "not one of the hosts"),
        (
            file_with(samples=SAMPLE.format("exe.test/", "https://c.test/")),
            "samples[0].url",
            "match.path does not match",
        ),
        (file_with(samples=SAMPLE.format("", "https://c.test/")), "samples[0].url", "Write a whole link"),
        (file_with(samples=SAMPLE.format("exe.test/a", "/c")), "samples[0].expect", "Write the whole destination"),
        (
            file_with(samples=SAMPLE.format("exe.test/a", "https://exe.test/c")),
            "samples[0].expect",
            "provider's own host",
        ),
        (file_with(samples=SAMPLE.format("exe.test/a", "magnet:?x")), "samples[0].expect", "not in accept.schemes"),
        (
            file_with('[accept]\ndecoys = ["ads.test"]', samples=SAMPLE.format("exe.test/a", "https://ads.test/c")),
            "samples[0].expect",
            "Remove it there, or correct the sample",
        ),
    ],
)
def test_errors(check_text: CheckText, text: str, field: str, message: str) -> None:
    """Each mistake is an error."""
    errors = [issue for issue in check_text(text) if issue.level == "error"]
    assert any(issue.field == field and message in issue.message for issue in errors), list(map(str, errors))


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        (file_with(steps(f"{FOLLOW}\noptional = true", LINK)), "steps[0].optional", "Remove it"),
        (file_with("[limits]\ntimeout = 5\nmax_wait = 5"), "limits.max_wait", "Raise timeout"),
        (file_with('status = "captcha"\nnote = "x"'), "since", "Say when"),
        (file_with('status = "degraded"\nsince = 2026-01-02'), "note", "and why"),
        (file_with('[browser]\nallow = ["cdn.test"]'), "browser.allow", 'no effect without engine = "browser"'),
    ],
)
def test_warnings(check_text: CheckText, text: str, field: str, message: str) -> None:
    """A probable mistake is a warning."""
    (issue,) = check_text(text)
    assert (issue.field, issue.level) == (field, "warning")
    assert message in issue.message
    assert ": warning: " in str(issue)


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
        HEADER + 'hosts_from = "url-shortener"\n',
    ],
)
def test_valid_files(check_text: CheckText, text: str) -> None:
    """Files that work as written have no issues."""
    assert check_text(text) == []


@pytest.mark.parametrize("name", ["discontinued.toml", "graveyard.toml"])
def test_active_and_discontinued(tmp_path: Path, name: str) -> None:
    """A host cannot be active in one file and discontinued in another file of the directory."""
    (tmp_path / "a.toml").write_text(file_with())
    (tmp_path / name).write_text('[[dead]]\nhosts = ["exe.test"]\nlabel = "E"\nclosed = 2026-01-02\nreason = "Sold."\n')
    (issue,) = check([tmp_path])
    assert (Path(issue.file).name, issue.field) == (name, "dead")


def test_takeover(tmp_path: Path) -> None:
    """A file that takes hosts of built-in providers gets a warning for each of these providers."""
    beneath = Catalog.load()
    samples = "".join(SAMPLE.format(f"{host}/abc", "https://example.com/") for host in ("bit.ly", "a.exe.io", "tr.im"))
    file = tmp_path / "mine.toml"
    file.write_text(file_with(hosts="bit.ly *.exe.io tr.im", samples=samples).replace('"exe"', '"mine"'))
    issues = check([file], beneath=beneath)
    assert [(issue.field, issue.level) for issue in issues] == [("hosts", "warning")] * 2
    assert 'takes bit.ly from the provider "bitly"' in issues[0].message
    assert 'takes *.exe.io from the provider "exe"' in issues[1].message


@pytest.mark.parametrize(
    ("host", "owner"), [("*.page.link", "firebase-long"), ("x.page.link", "firebase-long"), ("*.bit.ly", "bitly")]
)
def test_takeover_of_subdomains(tmp_path: Path, host: str, owner: str) -> None:
    """Wildcards are compared too: with the domain, and with the subdomains that another provider has."""
    (tmp_path / "exe.toml").write_text(file_with(hosts=host, samples=""))
    messages = [issue.message for issue in check([tmp_path], beneath=Catalog.load()) if issue.level == "warning"]
    assert any(message.startswith(f'takes {host} from the provider "{owner}"') for message in messages)


def test_order_of_takeovers(tmp_path: Path) -> None:
    """The warnings come in the order of the hosts, and for one host in that of the providers."""
    domains = [f"d{number:02}.test" for number in range(12)]
    beneath = []
    for domain in domains:
        for owner, host in ((f"{domain[:3]}-a", domain), (f"{domain[:3]}-b", f"*.{domain}")):
            beneath.append(Provider.model_validate({"id": owner, "label": "A", "hosts": [host], "tier": "standard"}))
    (tmp_path / "exe.toml").write_text(file_with(hosts=" ".join(f"*.{domain}" for domain in domains), samples=""))
    issues = check([tmp_path], beneath=Catalog(beneath))
    owners = [issue.message.split('"')[1] for issue in issues if issue.message.startswith("takes")]
    assert owners == [provider.id for provider in beneath]


@pytest.mark.parametrize(
    ("host", "warned"),
    [
        *(("*.github.io", True), ("a.github.io", False), ("*.exe.test", False)),
        *(("*.amazonaws.com", True), ("*.core.windows.net", True), ("amazonaws.com", False)),
    ],
)
def test_domains_that_everybody_shares(tmp_path: Path, host: str, *, warned: bool) -> None:
    """A wildcard of a company below which everybody gets a name is worth a warning."""
    (tmp_path / "exe.toml").write_text(file_with(hosts=host, samples=""))
    warnings = [issue.message for issue in check([tmp_path]) if issue.level == "warning"]
    assert any("everybody" in warning for warning in warnings) == warned


def test_replacement_is_not_a_takeover(tmp_path: Path) -> None:
    """A file with a built-in id may list that provider's hosts."""
    file = tmp_path / "exe.toml"
    file.write_text(file_with(hosts="exe.io", samples=SAMPLE.format("exe.io/abc", "https://example.com/")))
    assert check([file], beneath=Catalog.load()) == []


def test_files_beside(tmp_path: Path) -> None:
    """A file is checked against its neighbors, which are not checked themselves."""
    (tmp_path / "other.toml").write_text(file_with(samples="").replace('"exe"', '"other"'))
    new = tmp_path / "exe.toml"
    new.write_text(file_with())
    assert check([new], beside=[]) == []
    (issue,) = check([new], beside=[tmp_path])
    assert (issue.file, issue.field) == (str(new), "hosts")


def test_issues_beyond_the_schema_do_not_refuse_a_file(tmp_path: Path) -> None:
    """A file without samples is loaded."""
    (tmp_path / "exe.toml").write_text(file_with(samples=""))
    assert Catalog.load(builtin=False, extra_dirs=[tmp_path]).find("exe") is not None


def test_every_field_at_once() -> None:
    """A file that uses every table is valid, except for the table that needs the other engine."""
    (issue,) = check([Path(__file__).with_name("example.toml")])
    assert (issue.field, issue.level) == ("browser.allow", "warning")


def test_example_of_the_contract(check_text: CheckText) -> None:
    """The example of the provider file format is valid, except for the table that needs the other engine."""
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
    assert [(issue.field, issue.level) for issue in check_text(text)] == [("browser.allow", "warning")]
