"""Secrets from files."""

from pathlib import Path

import pytest

from linkskipper.errors import SettingsError
from linkskipper.settings import load, unknown_variables

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
