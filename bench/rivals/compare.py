"""Links a second of our resolver, npm tall, npm url-unshort and PyPI unshortenit, on one local shortener.

Each runs in a process of its own. Ours and the first two, as they are set here, contact no target.
unshortenit does, so it makes two requests a link. Ours is also measured on links of two requests.
"""

import asyncio
import json
import sys
import venv
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

from bench import load
from bench.harness import show_ratio, started
from bench.rivals.shortener import HERE, SHORTENER
from linkskipper.database import open_connection

LINKS = 500
FEWER_LINKS = 100  # for the slowest
AT_ONCE = 50
ROUNDS = 3  # the first warms up
TURNS = 4
# url-unshort asks for any cheerio of that series, and does not start with those after this one.
NODE_PACKAGES = {
    "dependencies": {"tall": "*", "url-unshort": "*"},
    "overrides": {"cheerio": "1.0.0-rc.12"},
}
FOLDER = Path(__file__).parent
SLOWEST = "unshortenit"
OURS = (sys.executable, "-m", "bench.rivals.ours")


async def run() -> None:
    """Install the others into a temporary folder, then measure all of them, in turns."""
    with TemporaryDirectory() as folder:
        python = await _install(Path(folder))
        async with _shortener() as port, _service(Path(folder), port) as service_rate:
            base = f"http://{HERE}:{port}"
            node = ("node", str(FOLDER / "node.mjs"), folder)
            rates: dict[str, list[float]] = {}
            for _ in range(TURNS):
                for name, command in {
                    "ours": (*OURS, str(port), f"http://{SHORTENER}"),
                    "ours over two requests": (*OURS, str(port), f"http://{SHORTENER}/again"),
                    "tall": (*node, "tall", base),
                    "url-unshort": (*node, "url-unshort", base),
                    SLOWEST: (python, str(FOLDER / "unshorten.py"), base),
                }.items():
                    rates.setdefault(name, []).extend(
                        await _rates(*command, links=FEWER_LINKS if name == SLOWEST else LINKS)
                    )
                rates.setdefault("our service", []).extend([await service_rate() for _ in range(ROUNDS)][1:])
    _show(rates)


def _show(rates: dict[str, list[float]]) -> None:
    for name, values in rates.items():
        print(f"{name}: {median(values):.0f} links/s ({min(values):.0f} to {max(values):.0f})")
    best = max(("tall", "url-unshort", SLOWEST), key=lambda name: median(rates[name]))
    show_ratio(
        f"our resolver against {best}, the best of the others",
        [ours / median(rates[best]) for ours in rates["ours"]],
        aim=5,
        detail="one process each, one request a link",
    )
    show_ratio(
        f"our service with --workers 0 against the library {best}",
        [ours / median(rates[best]) for ours in rates["our service"]],
        aim=1.5,
        detail="from the first POST until all jobs are done",
    )


@asynccontextmanager
async def _service(folder: Path, port: int) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """Run the service in one process. Yield a function that measures its links a second."""
    providers = folder / "providers"
    providers.mkdir()
    (providers / "bench.toml").write_text(
        f'id = "bench"\nlabel = "Bench"\nhosts = ["{SHORTENER}"]\ntier = "standard"\n'
    )
    settings = {
        "LINKSKIPPER_PROVIDERS_DIR": str(providers),
        "LINKSKIPPER_HOST_MAP": f"{SHORTENER}={HERE}:{port}",
        "LINKSKIPPER_NEW_ACCOUNT_CREDITS": "1000000",
    }
    data_dir = folder / "data"
    arguments = ("serve", "--port", "0", "--data-dir", str(data_dir), "--workers", "0")
    async with started(*arguments, ready="poll_url", **settings) as service:
        address, key = service.found(r"runs at (http://[^/\s]+)"), service.found(r"(sk_live_\w+)")
        database = await open_connection(f"postgresql://postgres@/postgres?host={data_dir}/postgres")
        await database.execute("UPDATE api_keys SET rate_limit = 1000000000")
        await asyncio.sleep(1)  # until the service reads the key again

        def service_rate() -> Awaitable[float]:
            links = [f"http://{SHORTENER}/{uuid4().hex}" for _ in range(LINKS)]
            return load.links_a_second(address, key, database, links, at_once=AT_ONCE)

        yield service_rate
        await database.close()


async def _rates(*command: str, links: int) -> list[float]:
    process = await asyncio.create_subprocess_exec(*command, str(links), str(AT_ONCE), str(ROUNDS), stdout=PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0, command
    return [float(line) for line in output.split()][1:]


async def _install(folder: Path) -> str:
    """Install the others into a folder. Return the Python that has unshortenit."""
    (folder / "package.json").write_text(json.dumps(NODE_PACKAGES))
    await _done("npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder))
    venv.create(folder / "python", with_pip=True)
    python = str(folder / "python" / "bin" / "python")
    await _done(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "unshortenit")
    return python


async def _done(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=sys.stderr)
    assert await process.wait() == 0, f"{' '.join(command)} failed"


@asynccontextmanager
async def _shortener() -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.rivals.shortener", stdout=PIPE)
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()
