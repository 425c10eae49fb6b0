"""The README and the examples run as they stand against a real service."""

import csv
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Tenant, offers
from linkskipper_sdk import sign_webhook

PROJECT = Path(__file__).parents[1]
EXAMPLES = PROJECT / "examples"
SECRET = "whsec_8tWfKx0LqZc3vBn5RmYd7sJhGpE2uXiA"
EVENT = b'{"event":"resolve.done","job_id":"019bb7a4-5a00-7c3e-9d41-3f1c6f0d2b8e","status":"done"}'


@pytest.fixture
def environment(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Provide the environment variables that the documents tell to set."""
    monkeypatch.setenv("LINKSKIPPER_API_KEY", tenant.key("normal"))
    monkeypatch.setenv("LINKSKIPPER_BASE_URL", tenant.base_url)
    monkeypatch.setenv("LINKSKIPPER_WEBHOOK_SECRET", SECRET)
    return dict(os.environ)


def python_blocks(page: Path) -> list[str]:
    """Return the Python of a document."""
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def run_script(script: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as a user would, with all warnings as errors."""
    command = [sys.executable, "-W", "error", str(script)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_readme(environment: dict[str, str], tmp_path: Path) -> None:
    """All Python of the README runs from its first line to its last, and prints what it says."""
    blocks = python_blocks(PROJECT / "README.md")
    assert len(blocks) >= 7
    script = tmp_path / "readme.py"
    text = "\n".join(blocks)
    if not offers("/v1/jobs"):
        text = re.sub(r"^for job in client\.jobs.*?\n\n", "", text, flags=re.DOTALL | re.MULTILINE)
    script.write_text(text)
    done = run_script(script, environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("https://example.com/status/301\nhttps://example.com/status/302\n")
    assert done.stdout.count("leads to https://example.com/landing/") == 100
    assert "resolve_failed captcha_required" in done.stdout


def test_the_guide(environment: dict[str, str], tmp_path: Path) -> None:
    """All Python of the guide runs from its first line to its last."""
    guide = PROJECT.parents[1] / "docs" / "guides" / "sdk-python.md"
    script = tmp_path / "guide.py"
    script.write_text("\n".join(python_blocks(guide)))
    done = run_script(script, environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "https://example.com/slow/guide 1\n"


def test_the_links_of_the_readme() -> None:
    """Relative links lead to files."""
    links = re.findall(r"\]\((?!https?://)([^)#]+)", (PROJECT / "README.md").read_text())
    assert links
    assert [link for link in links if not (PROJECT / link).exists()] == []


def test_first_link(environment: dict[str, str]) -> None:
    """The example prints the target."""
    output = subprocess.check_output([sys.executable, EXAMPLES / "first_link.py"], env=environment, text=True)
    assert output == "https://example.com/status/301\n"


def test_many_from_csv(environment: dict[str, str], tenant: Tenant, tmp_path: Path) -> None:
    """The example writes a row per link, in the order of the file, and pays nothing for a second run."""
    source, target = tmp_path / f"{tenant.facts['token']}.csv", tmp_path / "resolved.csv"
    links = [tenant.link("fast", name=f"csv-{number}") for number in range(20)] + [tenant.link("unsupported")]
    source.write_text("url,note\n" + "".join(f"{link},x\n" for link in links))
    for _ in range(2):
        subprocess.run(
            [sys.executable, EXAMPLES / "many_from_csv.py", source, target],
            env=environment,
            check=True,
            capture_output=True,
        )
        header, *rows = csv.reader(target.read_text().splitlines())
        assert header == ["url", "target_url", "error"]
        assert [row[0] for row in rows] == links
        assert [row[1] for row in rows[:-1]] == [
            tenant.link("fast_target", name=f"csv-{number}") for number in range(20)
        ]
        assert "unsupported_link" in rows[-1][2]


def test_receiver_flask(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver takes a signed event once and refuses a wrong one."""
    monkeypatch.setenv("LINKSKIPPER_WEBHOOK_SECRET", SECRET)
    module = runpy.run_path(str(EXAMPLES / "receiver_flask.py"))
    client = module["app"].test_client()
    headers = {"X-LinkSkipper-Signature": sign_webhook(EVENT, SECRET), "webhook-id": "1"}
    statuses = [client.post("/hooks/linkskipper", data=EVENT, headers=headers).status_code for _ in range(2)]
    assert statuses == [204, 204]
    assert module["seen"] == {"1"}
    assert client.post("/hooks/linkskipper", data=EVENT + b" ", headers=headers).status_code == 400
    assert client.post("/hooks/linkskipper", data=EVENT).status_code == 400


def test_receiver_fastapi(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver takes a signed event once and refuses a wrong one."""
    from starlette.testclient import TestClient  # noqa: PLC0415

    monkeypatch.setenv("LINKSKIPPER_WEBHOOK_SECRET", SECRET)
    module = runpy.run_path(str(EXAMPLES / "receiver_fastapi.py"))
    client = TestClient(module["app"])
    headers = {"X-LinkSkipper-Signature": sign_webhook(EVENT, SECRET), "webhook-id": "1"}
    statuses = [client.post("/hooks/linkskipper", content=EVENT, headers=headers).status_code for _ in range(2)]
    assert statuses == [204, 204]
    assert module["seen"] == {"1"}
    assert client.post("/hooks/linkskipper", content=EVENT + b" ", headers=headers).status_code == 400
    assert client.post("/hooks/linkskipper", content=EVENT).status_code == 400
