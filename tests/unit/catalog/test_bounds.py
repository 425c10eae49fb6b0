"""Bounds of provider files, on both sides: their number, size, hosts, patterns and reported issues."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from linkskipper.catalog import Catalog, check
from linkskipper.catalog.discontinued import MAX_SERVICES
from linkskipper.catalog.fields import MAX_NAME, MAX_PATTERN, MAX_SENTENCE
from linkskipper.catalog.loading.loader import MAX_BYTES, MAX_DIRECTORY_BYTES, MAX_FILES, MAX_KEY_PARTS, read_file
from linkskipper.catalog.loading.validation import MAX_ISSUES
from linkskipper.catalog.provider import MAX_ALLOWED_HOSTS, MAX_HOSTS, MAX_STEPS
from linkskipper.errors import CatalogError

FILE = 'id = "exe"\nlabel = "E"\ntier = "standard"\nstatus = "dead"\nsince = 2026-01-02\nnote = "x"\n'
HOSTS = 'hosts = ["exe.test"]\n'


def names(count: int) -> str:
    return ", ".join(f'"h{number}.test"' for number in range(count))


def errors(directory: Path, text: str, name: str = "exe.toml") -> list[str]:
    (directory / name).write_text(text)
    return [f"{issue.field}: {issue.message}" for issue in check([directory / name]) if issue.level == "error"]


@pytest.mark.parametrize(
    ("text_of", "bound", "field"),
    [
        (lambda count: f"{FILE}hosts = [{names(count)}]", MAX_HOSTS, "hosts"),
        (lambda count: f"{FILE}{HOSTS}[browser]\nallow = [{names(count)}]", MAX_ALLOWED_HOSTS, "browser.allow"),
        (lambda count: f"{FILE}{HOSTS}[accept]\ndecoys = [{names(count)}]", MAX_HOSTS, "accept.decoys"),
        (lambda count: FILE + HOSTS + '[[steps]]\nuse = "link"\nselector = "a"\n' * count, MAX_STEPS, "steps"),
        (lambda count: f"{FILE}{HOSTS}[match]\npath = '{'a' * count}'", MAX_PATTERN, "match.path"),
        (
            lambda count: f"{FILE}{HOSTS}[[steps]]\nuse = 'link'\nselector = '{'a' * count}'",
            MAX_PATTERN,
            "steps[0].selector",
        ),
    ],
)
def test_field_bounds(tmp_path: Path, text_of: Callable[[int], str], bound: int, field: str) -> None:
    """A field at its bound is accepted. One entry or character more is refused with the bound."""
    assert errors(tmp_path, text_of(bound)) == []
    (error,) = errors(tmp_path, text_of(bound + 1))
    assert error.startswith(f"{field}: ")
    assert f"{bound} are allowed" in error


def test_number_of_discontinued_services(tmp_path: Path) -> None:
    """A file lists a bounded number of closed services."""
    entry = '{{hosts=["h{}.test"],label="H",closed=2026-01-02,reason="x"}}'
    for count in (MAX_SERVICES // 2, MAX_SERVICES + 1):
        entries = ",".join(entry.format(number) for number in range(count))
        text = f"dead = [{entries}]"
        assert bool(errors(tmp_path, text, "discontinued.toml")) == (count > MAX_SERVICES)


def test_file_size(tmp_path: Path) -> None:
    """A file of MAX_BYTES is read. One byte more is refused, and the catalog refuses to load it."""
    padding = MAX_BYTES - len(FILE + HOSTS) - 1
    assert errors(tmp_path, f"{FILE}{HOSTS}#{'x' * padding}") == []
    assert errors(tmp_path, f"{FILE}{HOSTS}#{'x' * (padding + 1)}") == [": cannot be read: it is larger than 256 KiB"]
    with pytest.raises(CatalogError, match="larger than 256 KiB"):
        Catalog.load(extra_dirs=[tmp_path])


def test_number_of_files(tmp_path: Path) -> None:
    """A directory of MAX_FILES is read. With one file more it is refused as a whole."""
    for number in range(MAX_FILES):
        (tmp_path / f"{number}.toml").write_text(FILE.replace('"exe"', f'"p{number}"') + f'hosts = ["p{number}.test"]')
    assert len(Catalog.load(builtin=False, extra_dirs=[tmp_path]).providers) == MAX_FILES
    (tmp_path / "more.toml").write_text(FILE + HOSTS)
    (issue,) = check([tmp_path])
    assert issue.message == f"cannot be read: it holds {MAX_FILES + 1} provider files, and {MAX_FILES} are allowed"


def test_size_of_a_directory(tmp_path: Path) -> None:
    """A directory of MAX_DIRECTORY_BYTES is read. With one byte more it is refused as a whole."""
    for number in range(MAX_DIRECTORY_BYTES // MAX_BYTES):
        text = FILE.replace('"exe"', f'"p{number}"') + f'hosts = ["p{number}.test"]\n#'
        (tmp_path / f"{number}.toml").write_text(text.ljust(MAX_BYTES, "x"))
    assert check([tmp_path]) == []
    (tmp_path / "more.toml").write_text("#")
    (issue,) = check([tmp_path])
    assert issue.message == "cannot be read: its provider files have more than 8 MiB together"


@pytest.mark.parametrize("joint", [".", " . ", "\t.  "])
@pytest.mark.parametrize("part", ["a", '"a"', "'a.b'", '"a\\".b"'])
@pytest.mark.parametrize("line", ["{} = 1", "[{}]", "[[{}]]", "x = {{ {} = 1 }}"])
def test_parts_of_a_key(tmp_path: Path, line: str, part: str, joint: str) -> None:
    """A key of MAX_KEY_PARTS names is read. A longer one is refused unread: tomllib would need gigabytes for it."""
    for count in (MAX_KEY_PARTS, MAX_KEY_PARTS + 1, 60_000 // len(joint)):
        key = joint.join([part] * count)[: MAX_BYTES - 1000] + ".z" * (count > MAX_KEY_PARTS + 1)
        (error,) = errors(tmp_path, FILE + HOSTS + line.format(key))
        assert ("parts" in error) == (count > MAX_KEY_PARTS)


LONG = ".".join("x" * (MAX_KEY_PARTS + 5))


@pytest.mark.parametrize(
    "note",
    [
        f'"{LONG}"',
        f"'{LONG}' # {LONG} = 1",
        rf'"a\" {LONG} = 1"',
        f'"""\n{LONG} = 1\n\\""" {LONG} = 1"""',
        f'"""\'\'\'{LONG} = 1\n"""""',
        f"'''\n\"\"\" {LONG} = 1\n\\'''",
        f"'a' # \"\"\" '\n# {LONG} = 1",
    ],
)
def test_dots_in_values(tmp_path: Path, note: str) -> None:
    """Texts and comments may have any number of dots. A key after them is counted."""
    text = FILE.replace('note = "x"', f"note = {note}") + HOSTS
    assert errors(tmp_path, text) == []
    (error,) = errors(tmp_path, f"{text}{LONG} = 1\n")
    assert "parts" in error


@pytest.mark.parametrize(
    "unit", ['"""', "'''", '\\"', '"', "'", '\\"""', "a.", "a .", " ", ".", "a.a,", '""', '"a".', "#", "a\n"]
)
@pytest.mark.parametrize("beginning", ["", '"""\\', "x = ", '"'])
def test_time_for_keys(tmp_path: Path, beginning: str, unit: str) -> None:
    """A file is checked in a time in proportion to its size, whatever it repeats."""
    file = tmp_path / "exe.toml"
    file.write_text(beginning + unit * ((MAX_BYTES - 10) // len(unit)))
    begin = time.process_time()
    read_file(file)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("field", "bound"), [("id", MAX_NAME), ("label", MAX_NAME), ("latency", MAX_NAME), ("note", MAX_SENTENCE)]
)
def test_texts_that_are_shown(tmp_path: Path, field: str, bound: int) -> None:
    """Names and notes have a length, and no characters that act on a terminal or turn the text around."""
    lines = [line for line in FILE.splitlines() if not line.startswith(f"{field} =")]

    def with_value(value: str) -> list[str]:
        return errors(tmp_path, "\n".join([*lines, f'{field} = "{value}"', HOSTS]))

    assert with_value("x" * bound) == []
    assert f"{bound} characters are allowed" in with_value("x" * (bound + 1))[0]
    for hidden in (
        "001B",
        "0000",
        "0009",
        "000B",
        "000D",
        "001F",
        "007F",
        "0080",
        "009B",
        "009F",
        "202A",
        "202E",
        "2066",
    ):
        assert with_value(f"a\\u{hidden}b")[0].startswith(f"{field}: ")
        assert field == "id" or f"U+{hidden}" in with_value(f"a\\u{hidden}b")[0]
    for shown in ("00A0", "3000", "200B", "200C", "200D", "200E", "00AD", "2029", "202F", "2065", "E000"):
        assert bool(with_value(f"a\\u{shown}b")) == (field == "id")
    for line_break in (r"\n", r"\u000A"):
        assert bool(with_value(f"a{line_break}b")) == (field != "note")


@pytest.mark.parametrize("scheme", ["javascript", "data", "file", "blob", "vbscript", "view-source"])
def test_schemes_that_are_no_destination(tmp_path: Path, scheme: str) -> None:
    """A file cannot make the service give out URLs that run a script, or that open what is local."""
    (error,) = errors(tmp_path, f'{FILE}{HOSTS}[accept]\nschemes = ["https", "{scheme}"]')
    assert error.startswith("accept.schemes[1]: ")
    assert errors(tmp_path, f'{FILE}{HOSTS}[accept]\nschemes = ["https", "magnet"]') == []


@pytest.mark.parametrize(
    "host",
    [
        *("*.xn--55qx5d.cn", "xn--o1ac.xn--90a3ac", "*.foo.ck", "*.foo.sch.uk", "*.k12.ca.us", "*.kawasaki.jp"),
        *(
            "*.CO.UK",
            "co.uk.",
            "EXE.io",
            "exe.io.",
            "*.xn--p1ai",
            "公司.cn",
            "ex\u0430mple.com",
            "*",
            "*.*",
            "*.uk",
            "uk",
        ),
        *("exe.io:80", "user@exe.io", "%65xe.io", "e\u00adxe.io", "[::1]", "127.1", "0x7f.1", "a." * 127 + "io"),
    ],
)
def test_spellings_of_hosts(tmp_path: Path, host: str) -> None:
    """Suffixes in Punycode and below wildcards, and every spelling but the canonical one, are refused."""
    assert len(errors(tmp_path, f'{FILE}hosts = ["{host}"]')) == 1


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("*.co.uk", "public suffix"),
        ("co.uk", "public suffix"),
        ("*.com.br", "public suffix"),
        ("10.1.2.3", "IP address"),
        ("8.8.8.8", "IP address"),
    ],
)
def test_hosts_that_no_shortener_owns(tmp_path: Path, host: str, message: str) -> None:
    """Public suffixes and IP addresses are refused wherever a file lists hosts."""
    dead = f'[[dead]]\nhosts = ["{host}"]\nlabel = "E"\nclosed = 2026-01-02\nreason = "Sold."\n'
    for text, name in [
        (f'{FILE}hosts = ["{host}"]', "exe.toml"),
        (f'{FILE}{HOSTS}[browser]\nallow = ["{host}"]', "exe.toml"),
        (f'{FILE}{HOSTS}[accept]\ndecoys = ["{host}"]', "exe.toml"),
        (dead, "discontinued.toml"),
    ]:
        (error,) = errors(tmp_path, text, name)
        assert message in error


@pytest.mark.parametrize("host", ["*.example.co.uk", "bit.ly", "*.page.link", "u.to", "*.com.test"])
def test_hosts_below_a_public_suffix(tmp_path: Path, host: str) -> None:
    """Hosts below a registry's suffix are accepted, and so are suffixes of companies."""
    assert errors(tmp_path, f'{FILE}hosts = ["{host}"]') == []


def test_number_of_reported_issues(tmp_path: Path) -> None:
    """A file with MAX_ISSUES mistakes reports each of them. One with more reports their number."""
    mistakes = "".join(f"x{number} = 1\n" for number in range(MAX_ISSUES))
    assert len(errors(tmp_path, mistakes + FILE + HOSTS)) == MAX_ISSUES
    reported = errors(tmp_path, mistakes + "y = 1\nz = 1\n" + FILE + HOSTS)
    assert len(reported) == MAX_ISSUES + 1
    assert reported[-1] == ": 2 more errors. Fix those above first."


@pytest.mark.parametrize(
    "text",
    [
        FILE + "hosts = [" + '"a.test",' * 20_000 + "]",
        FILE + "hosts = [" + names(15_000) + "]",
        "".join(f"x{number:x}=1\n" for number in range(25_000)),
        FILE + HOSTS + "steps = [" + "{use='jump'}," * 18_000 + "]",
        FILE + HOSTS + "samples = [" + "{url='x',expect='y'}," * 4_900 + "]",
        FILE + HOSTS + "[match]\npath = '(" + "a*" * 900 + ")*$'",
        FILE + HOSTS + "[[steps]]\nuse='link'\nselector='" + ":is(" * 400 + "a" + ")" * 400 + "'",
        f'{FILE}hosts = ["{"a" * 250_000}"]',
        "a." * 100 + "b = 1\n" + "[x]\n" + "".join(f"k{number}.a = 1\n" for number in range(15_000)),
    ],
    ids=["one host", "hosts", "fields", "steps", "samples", "pattern", "selector", "long host", "dotted keys"],
)
def test_two_files_do_not_keep_the_check_busy(tmp_path: Path, text: str) -> None:
    """Two files of the worst kind take less than ten seconds of processor time together, usually one."""
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(text[:MAX_BYTES])
    start = time.process_time()
    for issue in check([tmp_path], beneath=Catalog.load()):
        assert len(str(issue)) < 2000
    assert time.process_time() - start < 10
