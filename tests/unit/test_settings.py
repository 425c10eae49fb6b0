"""Settings from variables, from the file, and secrets from files of their own."""

from pathlib import Path

import pytest

from linkskipper.errors import SettingsError
from linkskipper.settings import load, unknown_variables, unsafe_settings

SECRET = "0123456789abcdef0123456789abcdef"


def test_a_secret_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content of the file is the setting, without the line end that editors add."""
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    monkeypatch.setenv("LINKSKIPPER_SECRET_KEY_FILE", str(file))
    secret = load().secret_key
    assert secret is not None
    assert secret.get_secret_value() == SECRET
    assert unknown_variables(["LINKSKIPPER_SECRET_KEY_FILE"]) == []


def test_all_problems_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file, a file that is not text, a secret that is set twice, and a wrong value: one line for each."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    monkeypatch.setenv("LINKSKIPPER_DATABASE_URL_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("LINKSKIPPER_LIMITS_URL_FILE", str(binary))
    monkeypatch.setenv("LINKSKIPPER_SECRET_KEY", SECRET)
    monkeypatch.setenv("LINKSKIPPER_SECRET_KEY_FILE", str(binary))
    monkeypatch.setenv("LINKSKIPPER_PORT", "70000")
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value).splitlines() == [
        "LINKSKIPPER_DATABASE_URL_FILE: the file cannot be read (No such file or directory).",
        "LINKSKIPPER_LIMITS_URL_FILE: the file cannot be read (it is not UTF-8).",
        "LINKSKIPPER_SECRET_KEY_FILE: cannot be set together with LINKSKIPPER_SECRET_KEY.",
        "LINKSKIPPER_PORT: must be at most 65535.",
    ]


@pytest.mark.parametrize("name", ["LINKSKIPPER_PORT_FILE", "LINKSKIPPER_HOST_FILE"])
def test_only_secrets_have_files(name: str) -> None:
    """Other settings with _FILE are unknown."""
    assert len(unknown_variables([name])) == 1


def test_topup_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to buy credits are pairs of a label and an HTTPS address, which may hold signs of equality."""
    monkeypatch.setenv(
        "LINKSKIPPER_TOPUP_LINKS", "Card=https://shop.example/?id={account}&a=b, Coins=https://c.example/"
    )
    assert load().topup_links == (("Card", "https://shop.example/?id={account}&a=b"), ("Coins", "https://c.example/"))
    for wrong in (
        "https://shop.example/",
        "Card=http://shop.example/",
        "Card=javascript:alert(1)",
        "=https://a.example/",
    ):
        monkeypatch.setenv("LINKSKIPPER_TOPUP_LINKS", wrong)
        with pytest.raises(SettingsError, match="must be pairs"):
            load()


def test_a_config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of value is read. A variable goes before the file, and an option before both."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    file = tmp_path / "linkskipper.toml"
    file.write_text(
        f"""
        port = 9000
        host = "192.0.2.1"
        lab_port = 9100
        log_json = true
        cache_days = 0.5
        egress_ports = [80, 8443]
        webhook_schedule = ["0", "5s"]
        topup_links = ["Card=https://shop.example/?a,b"]
        workers = "auto"
        secret_key_file = "{secret}"
        """
    )
    monkeypatch.setenv("LINKSKIPPER_CONFIG", str(file))
    monkeypatch.setenv("LINKSKIPPER_HOST", "192.0.2.2")
    monkeypatch.setenv("LINKSKIPPER_LAB_PORT", "9200")
    settings = load(lab_port=9300)
    assert (settings.port, settings.host, settings.lab_port) == (9000, "192.0.2.2", 9300)
    assert (settings.log_json, settings.cache_days, settings.egress_ports) == (True, 0.5, ("80", "8443"))
    assert [wait.seconds for wait in settings.webhook_schedule] == [0, 5]
    assert settings.topup_links == (("Card", "https://shop.example/?a,b"),)
    assert settings.workers >= 1
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == SECRET
    assert unknown_variables(["LINKSKIPPER_CONFIG"]) == []


def test_a_variable_goes_before_the_secret_file_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that both sources name is that of the environment, in either form."""
    for name in ("first", "second"):
        (tmp_path / name).write_text(f"redis://{name}")
    file = tmp_path / "linkskipper.toml"
    file.write_text(f'limits_url_file = "{tmp_path / "first"}"')
    monkeypatch.setenv("LINKSKIPPER_CONFIG", str(file))
    assert load().limits_url == "redis://first"
    monkeypatch.setenv("LINKSKIPPER_LIMITS_URL_FILE", str(tmp_path / "second"))
    assert load().limits_url == "redis://second"
    monkeypatch.delenv("LINKSKIPPER_LIMITS_URL_FILE")
    monkeypatch.setenv("LINKSKIPPER_LIMITS_URL", "redis://third")
    assert load().limits_url == "redis://third"


def test_all_problems_of_a_config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wrong key, value and secret has a line that names the file. Those of the environment have theirs."""
    file = tmp_path / "linkskipper.toml"
    file.write_text(
        f"""
        prot = 1
        port = 70000
        log_json = "maybe"
        cache_days = 2026-06-05
        secret_key = "short"
        secret_key_file = "x"
        limits_url_file = "{tmp_path / "missing"}"
        [lab]
        port = 1
        """
    )
    monkeypatch.setenv("LINKSKIPPER_CONFIG", str(file))
    monkeypatch.setenv("LINKSKIPPER_LAB_PORT", "-1")
    with pytest.raises(SettingsError) as caught:
        load()
    assert sorted(str(caught.value).splitlines()) == [
        f"{file}: cache_days: must be a number.",
        f"{file}: lab: must be true or false.",
        f"{file}: limits_url_file: the file cannot be read (No such file or directory).",
        f"{file}: log_json: must be true or false.",
        f"{file}: port: must be at most 65535.",
        f"{file}: prot is not a setting. Did you mean port?",
        f"{file}: secret_key_file: cannot be set together with {file}: secret_key.",
        "LINKSKIPPER_LAB_PORT: must be at least 0.",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read (No such file or directory)."),
        (b"\xff", "cannot be read (it is not UTF-8)."),
        (b"port 9000", "is not TOML (Expected '=' after a key in a key/value pair (at line 1, column 6))."),
    ],
)
def test_an_unreadable_config_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, reason: str
) -> None:
    """A file that is missing, not text or not TOML is one problem among the others."""
    file = tmp_path / "linkskipper.toml"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("LINKSKIPPER_CONFIG", str(file))
    monkeypatch.setenv("LINKSKIPPER_PORT", "x")
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value).splitlines() == [
        f"LINKSKIPPER_CONFIG: {file} {reason}",
        "LINKSKIPPER_PORT: must be a whole number.",
    ]


@pytest.mark.parametrize("name", ["egress_allow", "otlp_headers", "topup_links", "webhook_schedule"])
@pytest.mark.parametrize("value", ["[[80]]", "[{a = 1}]", "[2026-06-05]", "2026-06-05", "{a = 1}"])
def test_a_list_of_a_config_file_with_other_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Lists hold texts. Everything else is refused in one line that names the setting."""
    file = tmp_path / "linkskipper.toml"
    file.write_text(f"{name} = {value}")
    monkeypatch.setenv("LINKSKIPPER_CONFIG", str(file))
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value) == f"{file}: {name}: must be a list of texts."


@pytest.mark.attack
@pytest.mark.parametrize("mark", ["/", "?", "#", "[", "]", "[]", ":/"])
@pytest.mark.parametrize("name", ["database_url", "limits_url"])
def test_a_password_that_is_not_encoded(name: str, mark: str) -> None:
    """Such a URL is refused with the way to write it. The part of the password before the mark is not shown."""
    with pytest.raises(SettingsError, match=r"is not a URL: write / \? # \[ and \] in a password as %2F %3F") as caught:
        load(**{name: f"postgresql://u:s3cret{mark}word@db.example/x"})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", ["database_url", "limits_url"])
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:pa%5Bss%2F@[::1]:5432/x",
        "postgresql://u:p@ss:word@[fe80::1%25eth0]/x",
        "postgresql://u@one.example:5432,two.example,[::1]:5433/x",
        "postgresql://%2Frun%2Fpostgresql/x",
        "postgresql:///x?host=/run/postgresql",
        "valkey://:secret@limits.example:6379/0",
        "unix://u:secret@/run/valkey.sock",
    ],
)
def test_urls_of_servers(name: str, url: str) -> None:
    """Every form of a server's address is a URL: several hosts, addresses of IPv6, and sockets."""
    options = {"database_url": "postgresql:///x", name: url}
    assert getattr(load(**options), name) == url


SAFE = {"host": "192.0.2.1", "monitor_port": 9100, "public_url": "https://links.example"}


@pytest.mark.parametrize(
    ("options", "variable"),
    [
        ({"browser_sandbox": False}, "BROWSER_SANDBOX"),
        ({"egress_allow": "10.0.0.0/8"}, "EGRESS_ALLOW"),
        ({"webhook_egress_allow": "10.0.0.0/8"}, "WEBHOOK_EGRESS_ALLOW"),
        ({**SAFE, "lab": True}, "LAB"),
        ({"host": "192.0.2.1", "public_url": "https://links.example"}, "MONITOR_PORT"),
        ({"host": "192.0.2.1", "monitor_port": 9100}, "PUBLIC_URL"),
        ({"public_url": "http://links.example"}, "PUBLIC_URL"),
        ({"trusted_proxies": "127.0.0.1,0.0.0.0/0"}, "TRUSTED_PROXIES"),
        ({"database_url": "postgresql://u@db.example/x"}, "DATABASE_URL"),
        ({"database_url": "postgresql://u@db.example/x?sslmode=prefer"}, "DATABASE_URL"),
        ({"database_url": "postgresql:///x", "database_direct_url": "postgresql://db.test/x"}, "DATABASE_DIRECT_URL"),
    ],
)
def test_an_unsafe_setting(options: dict[str, object], variable: str) -> None:
    """The one sentence names the variable that mends it."""
    [sentence] = unsafe_settings(load(**options))
    assert f"LINKSKIPPER_{variable}" in sentence


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"lab": True},
        SAFE,
        {"host": "::1"},
        {"trusted_proxies": "10.0.0.0/8"},
        {"database_url": "postgresql://u@127.0.0.1/x"},
        {"database_url": "postgresql:///x?host=/run/postgresql"},
        {"database_url": "postgresql://u@db.example/x?sslmode=verify-full"},
        {"database_url": "postgresql://u@db.example,db2.example:5432/x?sslmode=require"},
    ],
)
def test_safe_settings(options: dict[str, object]) -> None:
    """Neither the defaults nor what a published service needs is unsafe."""
    assert unsafe_settings(load(**options)) == []


def test_a_way_past_pgbouncer_needs_one_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """LINKSKIPPER_DATABASE_DIRECT_URL alone is refused, because the pools would not know their way."""
    monkeypatch.setenv("LINKSKIPPER_DATABASE_DIRECT_URL", "postgresql:///x")
    with pytest.raises(SettingsError, match="LINKSKIPPER_DATABASE_DIRECT_URL: needs LINKSKIPPER_DATABASE_URL"):
        load()
    monkeypatch.setenv("LINKSKIPPER_DATABASE_URL", "postgresql:///y")
    assert load().database_direct_url == "postgresql:///x"
