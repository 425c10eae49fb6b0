"""Take the screenshots of the guides from a running service with the lab: `make screenshots`."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import Request, urlopen

from playwright.sync_api import Page, sync_playwright

from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
WAIT_SECONDS = 120
LINKS = (
    *("redirect.lab.test/301", "redirect.lab.test/three", "countdown.lab.test/timed", "gate.lab.test/recaptcha"),
    *("removed.lab.test/410", "loop.lab.test/there", "chain.lab.test/three", "chain.lab.test/three"),
)


class Shot(NamedTuple):
    """A screenshot: its file, the path of its page, the theme and the width. LINK is the newest link of a chain."""

    name: str
    path: str
    scheme: str = "light"
    width: int = 1280
    height: int = 860


SHOTS = (
    Shot("home", "/dashboard"),
    Shot("link", "LINK"),
    Shot("key", "/dashboard/keys/1"),
    Shot("requests", "/dashboard/requests"),
    Shot("operate", "/dashboard/operate"),
    Shot("phone", "/dashboard/links", "dark", 390, 844),
)


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as first:
        first.bind(("127.0.0.1", 0))
        return int(first.getsockname()[1])


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """Run the service with the lab. Provide what it prints at its first start."""
    output = folder / "output"
    ports = {"LINKSKIPPER_PORT": str(free_port()), "LINKSKIPPER_LAB_PORT": str(free_port())}
    program = str(Path(sys.executable).with_name("linkskipper"))
    command = (program, "serve", "--lab", "--data-dir", str(folder / "data"))
    with output.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env={**environ, **ports})
    try:
        yield _wait_for(output, process)
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def _wait_for(output: Path, process: "subprocess.Popen[bytes]") -> str:
    for _ in range(WAIT_SECONDS * 10):
        text = output.read_text(encoding="utf-8")
        if "All links of the lab" in text:
            return text
        if process.poll() is not None:
            raise RuntimeError(text)
        time.sleep(0.1)
    raise TimeoutError(text)


def resolve_links(base: str, key: str) -> str:
    """Resolve the links of the lab. Return the id of the job of the chain."""
    job_id = ""
    for link in LINKS:
        body = json.dumps({"url": f"https://{link}"}).encode()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        request = Request(f"{base}/v1/resolve?wait=10", body, headers)  # noqa: S310 - the service that was started
        try:
            with urlopen(request) as response:  # noqa: S310
                job_id = json.load(response).get("job_id") or job_id
        except OSError:  # links that fail do so on purpose
            continue
    return job_id


def take(base: str, login: str, job_id: str) -> None:
    """Sign in, and take all screenshots."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(load().browser), args=["--no-sandbox"])
        context = browser.new_context()
        page = context.new_page()
        page.goto(login)
        page.wait_for_url(f"{base}/dashboard")
        for shot in SHOTS:
            take_one(page, base, shot, job_id)
        browser.close()


def take_one(page: Page, base: str, shot: Shot, job_id: str) -> None:
    """Take one screenshot."""
    page.set_viewport_size({"width": shot.width, "height": shot.height})
    page.emulate_media(color_scheme="dark" if shot.scheme == "dark" else "light")
    page.goto(base + shot.path.replace("LINK", f"/dashboard/links/{job_id}"))
    page.wait_for_timeout(300)
    page.screenshot(path=FOLDER / f"{shot.name}.png")


def main() -> int:
    """Take all screenshots."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with service(Path(folder)) as text:
            (key,) = re.findall(r"LINKSKIPPER_API_KEY=(\S+)", text)
            (login,) = re.findall(r"\S+/dashboard/in#\S+", text)
            base = login.partition("/dashboard")[0]
            job_id = resolve_links(base, key)
            time.sleep(6)  # the charts are written every few seconds
            take(base, login, job_id)
    sys.stdout.write("".join(f"{FOLDER / shot.name}.png\n" for shot in SHOTS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
