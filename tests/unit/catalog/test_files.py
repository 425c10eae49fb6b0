"""Reading provider files: each issue says what is wrong and how to fix it."""

import time
from pathlib import Path

import pytest

from linkskipper.catalog import Catalog, check
from linkskipper.errors import CatalogError

QUERY = '[[steps]]\nuse = "from_query"\ndecode = ['
SAMPLE = '[[samples]]\nurl = "https://exe.test/abc"\nexpect = "https://example.com/"\n'
GOOD = 'id = "exe"\nlabel = "Exe.io"\nhosts = ["exe.test"]\ntier = "premium"\n'
BROWSER = GOOD + 'engine = "browser"\n'


def write(directory: Path, text: str, name: str = "exe.toml") -> Path:
    file = directory / name
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        (GOOD.replace("tier", "teir"), "teir", 'Did you mean "tier"?'),
        (GOOD.replace("tier", "teir"), "tier", "missing. Add it"),
        (GOOD.replace("premium", "gold"), "tier", "'standard' or 'premium', and is 'gold'"),
        (GOOD.replace('"exe"', '"Exe!"'), "id", "pattern"),
        (GOOD.replace("exe.test", "Exe.test"), "hosts[0]", '"Exe.test" is not a host name. Write it in lower case'),
        (GOOD.replace("exe.test", "https://exe.test/"), "hosts[0]", "without scheme or path"),
        (GOOD.replace("exe.test", "test"), "hosts[0]", "is not a host name"),
        (GOOD.replace("exe.test", "*.test"), "hosts[0]", "is not a host name"),
        (GOOD.replace("exe.test", "ex*.test"), "hosts[0]", "is not a host name"),
        (GOOD.replace("exe.test", "m\u00fcll.test"), "hosts[0]", "is not a host name"),
        (GOOD.replace('["exe.test"]', '["a.test", "a.test"]'), "hosts", "a.test is listed twice"),
        (GOOD.replace('["exe.test"]', "[]"), "", "List at least one"),
        (GOOD + 'engine = "lynx"', "engine", "this must be 'http' or 'browser', and is 'lynx'"),
        (GOOD + '[[steps]]\nuse = "click"\nselector = "a"', "", 'steps[0]: "click" needs engine = "browser"'),
        (GOOD + '[[steps]]\nuse = "wait_for"\nselector = "a"', "", 'steps[0]: "wait_for" needs engine = "browser"'),
        (BROWSER + '[[steps]]\nuse = "submit"\nselector = "form"', "", 'steps[0]: "submit" needs engine = "http"'),
        (
            BROWSER + '[[steps]]\nuse = "follow"\n[[steps]]\nuse = "fetch"',
            "",
            'steps[1]: "fetch" needs engine = "http"',
        ),
        (
            BROWSER + '[[steps]]\nuse = "click"\nselector = "a"\nwait_for = "("',
            "steps[0].wait_for",
            "not a CSS selector",
        ),
        (BROWSER + '[[steps]]\nuse = "wait_for"', "steps[0]", "give either selector or url"),
        (BROWSER + '[browser]\nallow = ["https://cdn.test"]', "browser.allow[0]", "is not a host name"),
        (BROWSER + "[browser]\nimages = true", "browser.images", "there is no such field"),
        (GOOD + 'status = "dead"', "", "needs the date"),
        (GOOD + '[match]\npath = "("', "match.path", "RE2 refuses the pattern"),
        (GOOD + '[match]\npath = "(?=x)"', "match.path", "docs/reference/provider-files.md"),
        (GOOD + "[match]\npath = 5", "match.path", "pattern in quotes"),
        (GOOD + "[limits]\nmax_hops = 31", "limits.max_hops", "less than or equal to 30"),
        (GOOD + "[limits]\ntimeout = 121", "limits.timeout", "less than or equal to 120"),
        (GOOD + "[limits]\ntimeout = 0", "limits.timeout", "greater than 0"),
        (GOOD + '[accept]\nschemes = ["Magnet:"]', "accept.schemes[0]", "pattern"),
        (GOOD + '[[steps]]\nuse = "jump"', "steps[0]", "there is no step \"jump\". There is 'from_query'"),
        (GOOD + '[[steps]]\nselector = "a"', "steps[0]", 'Add use = "\u2026"'),
        (GOOD + '[[steps]]\nuse = "link"', "steps[0].selector", "missing"),
        (GOOD + '[[steps]]\nuse = "link"\nselector = "a["', "steps[0].selector", "not a CSS selector"),
        (GOOD + '[[steps]]\nuse = "link"\nselector = "a"\nattribute = "x"', "steps[0].attribute", "no such field"),
        (GOOD + '[[steps]]\nuse = "from_query"\ndecode = ["rot13"]', "steps[0].decode[0]", "'uri', 'base64'"),
        (GOOD + QUERY + '"x", {}]', "steps[0].decode[1]", "give one of prefix, suffix"),
        (GOOD + QUERY + '{ prefix = "a", suffix = "b" }]', "steps[0].decode[0]", "List several changes one by one"),
        (GOOD + QUERY + '{ prefx = "a" }]', "steps[0].decode[0].prefx", 'Did you mean "prefix"?'),
        (GOOD + QUERY + '{ prefix = "" }]', "steps[0].decode[0].prefix", "too short"),
        (GOOD + QUERY + '{ pattern = "a" }]', "steps[0].decode[0]", "has no group"),
        (GOOD + QUERY + '{ pattern = "(" }]', "steps[0].decode[0].pattern", "RE2 refuses"),
        (GOOD + QUERY + '{ replace = "a" }]', "steps[0].decode[0].replace", "a table of characters"),
        (GOOD + QUERY + '{ replace = { ab = "c" } }]', "steps[0].decode[0].replace", "'ab' must be one character"),
        (GOOD + QUERY + '{ replace = { a = "bbbb" } }]', "steps[0].decode[0].replace", "at most 3 in its place"),
        (GOOD + '[[steps]]\nuse = "from_path"\nsegment = 0\npath = "("', "steps[0].path", "RE2 refuses"),
        (GOOD + '[[steps]]\nuse = "fetch"\nattr = "x"', "steps[0].attr", "Other tables have it. Remove it here"),
        (GOOD.replace("exe.test", "*.exe.*"), "hosts[0]", "has two stars"),
        (GOOD.replace("exe.test", "co.*"), "hosts[0]", "is a public suffix"),
        (GOOD + '[[steps]]\nuse = "script_value"', "steps[0]", "give either name or pattern"),
        (GOOD + '[[steps]]\nuse = "script_value"\nname = "a"\npattern = "(b)"', "steps[0]", "either name or pattern"),
        (GOOD + '[[steps]]\nuse = "script_value"\npattern = "b"', "steps[0]", "has no group"),
        (GOOD + '[[steps]]\nuse = "script_value"\nname = "a b"', "steps[0].name", "is not a variable"),
        (GOOD + "[limits]\nmax_wait = 61", "limits.max_wait", "less than or equal to 60"),
        (GOOD + '[[steps]]\nuse = "submit"', "steps[0].selector", "missing"),
        (GOOD + '[[steps]]\nuse = "xhr"\nselector = "form"', "steps[0].pick", "missing"),
        (GOOD + '[[steps]]\nuse = "xhr"\nselector = "form"\npick = "a..b"', "steps[0].pick", "not a path into JSON"),
        (GOOD + '[[steps]]\nuse = "wait"', "steps[0]", "give either seconds or var"),
        (GOOD + '[[steps]]\nuse = "wait"\nseconds = 61', "steps[0].seconds", "less than or equal to 60"),
        (GOOD + '[[steps]]\nuse = "wait"\nseconds = 5\nmax = 6', "steps[0]", "no effect on seconds"),
        (GOOD + '[[steps]]\nuse = "submit"\nselector = "form"\nwait = 5', "steps[0].wait", "table"),
        (GOOD + "id = 5", "", "is not TOML"),
        ("", "id", "missing"),
        ("a = " + "1" * 5000, "", "is not TOML"),
        ("a = " + "[" * 5000, "", "nested too deeply"),
        (GOOD + 'hosts_from = "url-shortener"\nexclude = [["a"]]', "exclude[0]", "string"),
        (GOOD.replace('["exe.test"]', "5") + 'hosts_from = "url-shortener"', "hosts", "tuple"),
        (GOOD + "[limits]\nconcurrency = 0", "limits.concurrency", "greater than or equal to 1"),
        (GOOD + "[limits]\nconcurrency = 1001", "limits.concurrency", "less than or equal to 1000"),
        (GOOD + "[limits]\nmin_interval = 0", "limits.min_interval", "greater than or equal to 0.001"),
        (GOOD + "[limits]\nmin_interval = 1e-320", "limits.min_interval", "greater than or equal to 0.001"),
        (GOOD + "[limits]\nmin_interval = 61", "limits.min_interval", "less than or equal to 60"),
    ],
)
def test_issues(tmp_path: Path, text: str, field: str, message: str) -> None:
    """An issue names the file, the field and the fix."""
    file = write(tmp_path, text)
    issues = check([file])
    assert any(issue.field == field and message in issue.message for issue in issues), list(map(str, issues))
    assert all(str(issue).startswith(f"{file}: ") for issue in issues)


def test_all_issues_at_once(tmp_path: Path) -> None:
    """Loading reports every issue of every file, one per line."""
    write(tmp_path, GOOD.replace("premium", "gold") + "extra = 1", "a.toml")
    write(tmp_path, "id =", "b.toml")
    with pytest.raises(CatalogError) as caught:
        Catalog.load(builtin=False, extra_dirs=[tmp_path])
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines[:2]] == ["tier", "extra"]
    assert lines[2].startswith(f"{tmp_path / 'b.toml'}: is not TOML")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and a file in another encoding are issues."""
    write(tmp_path, "").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in str(check([tmp_path])[0])
    assert "No such file" in str(check([tmp_path / "missing.toml"])[0])


def test_clashes(tmp_path: Path) -> None:
    """Two files of one directory may not have the same id or host."""
    write(tmp_path, GOOD, "a.toml")
    write(tmp_path, GOOD, "b.toml")
    issues = [issue for issue in check([tmp_path]) if issue.field != "samples"]
    assert [(Path(issue.file).name, issue.field) for issue in issues] == [("b.toml", "id"), ("b.toml", "hosts")]
    assert all("a.toml" in issue.message for issue in issues)


def test_valid_files(tmp_path: Path) -> None:
    """A valid file has no issues. Hidden files and files without .toml are ignored."""
    write(tmp_path, GOOD + SAMPLE)
    write(tmp_path, "x", "notes.txt")
    write(tmp_path, "x", ".exe.toml")
    assert check([tmp_path]) == []


def test_loading_the_shipped_files_is_quick() -> None:
    """Every start loads the catalog, so this takes less than 0.2 s of processor time."""
    start = time.process_time()
    Catalog.load()
    assert time.process_time() - start < 0.2
