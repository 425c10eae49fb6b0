"""Shared by all tests: a real PostgreSQL, and a fresh database for each test that asks for one."""

import os
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from linkskipper.database import EmbeddedServer, Pool, open_pool
from linkskipper.service.migrate import migrate
from support.attacks import is_attack
from support.service import Service, named, run_service

pytest_plugins = [f"support.fixtures.{name}" for name in ("browser", "egress", "lab", "resolver", "safety", "webhooks")]

DATABASES = f"linkskipper_{os.getpid()}"  # begins the names of this process's databases
TEMPLATE = f"{DATABASES}_template"


def pytest_configure() -> None:
    """Hide the settings of the developer's shell from the services and commands of the tests."""
    for name in [name for name in os.environ if name.startswith("LINKSKIPPER_")]:
        if not name.startswith("LINKSKIPPER_TEST_"):
            del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the browser's folders for `make test-fast`, and attacks for `make attack`."""
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker("browser")
        if is_attack(item.path):
            item.add_marker("attack")


@pytest.fixture(scope="session", autouse=True)
def state_folder() -> Iterator[None]:
    """Hide the services that the developer runs from the commands of the tests, and the other way round."""
    with TemporaryDirectory(prefix="linkskipper-tests-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", folder)
        yield


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Return the URL of a PostgreSQL server: LINKSKIPPER_TEST_SERVER_URL, or an embedded one for this test process.

    The embedded one is outside of pytest's folders. Another pytest that root starts would close these to its user.
    """
    if external := os.environ.get("LINKSKIPPER_TEST_SERVER_URL"):
        yield external
        return
    with TemporaryDirectory(prefix="linkskipper-tests-") as data_dir:
        server = EmbeddedServer(Path(data_dir))
        yield server.join()
        server.leave()


@pytest.fixture(scope="session")
async def template(server_url: str) -> str:
    """Return the name of a database that the migrations built. The others are copies of it."""
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    await connection.close()
    await migrate(named(server_url, TEMPLATE))
    if connection.get_server_version().major < FIRST_WITH_UUIDV7:
        template = await asyncpg.connect(named(server_url, TEMPLATE))
        await template.execute(UUIDV7)
        await template.close()
    return TEMPLATE


FIRST_WITH_UUIDV7 = 18
UUIDV7 = """
CREATE FUNCTION uuidv7(shift interval DEFAULT '0') RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(
        int8send(floor(extract(epoch FROM clock_timestamp() + shift) * 1000)::bigint) FROM 3
    ) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$
"""

_numbers = count(1)


@pytest.fixture
async def database_url(server_url: str, template: str) -> AsyncIterator[str]:
    """Yield the URL of a fresh database with the current schema."""
    name = f"{DATABASES}_{next(_numbers)}"
    await _copy_template(server_url, template, name)
    yield named(server_url, name)
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


async def _copy_template(server_url: str, template: str, name: str) -> None:
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    await connection.close()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Yield a pool on a fresh database."""
    pool = await open_pool(database_url, size=5)
    yield pool
    pool.terminate()


@pytest.fixture(scope="session")
async def service(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """Yield a service that many tests share. Each test has accounts and links of its own."""
    name = f"{DATABASES}_shared"
    await _copy_template(server_url, template, name)
    async with run_service(named(server_url, name), tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Return a data directory that does not exist yet.

    It is outside of pytest's folders, which another pytest that root starts closes to the server's user.
    """
    with TemporaryDirectory(prefix="linkskipper-tests-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"
