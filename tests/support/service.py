"""The whole service in the test's own process, on real sockets, with the lab's shorteners."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from linkskipper.accounts import create_account, create_key, load_keyring
from linkskipper.catalog import Tier
from linkskipper.database import Pool
from linkskipper.lab import Lab
from linkskipper.service import http_server, process
from linkskipper.service.api import run_api
from linkskipper.service.catalogs import live_catalog
from linkskipper.service.database import checked_pool
from linkskipper.service.worker import TIERS, run_workers
from linkskipper.settings import Settings, load
from support.receiver import Receiver


@dataclass(frozen=True)
class Answer:
    """A response of the API."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Caller:
    """A client with a key of its own."""

    session: aiohttp.ClientSession
    account_id: int
    key_id: int
    key: str

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        async with self.session.request(method, path, headers=headers, **options) as response:
            body = await response.json(content_type=None) if response.status != 204 else None
            return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, body)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.call("GET", path, **options)

    async def resolve(self, url: object, *, wait: float = 0, **options: Any) -> Answer:
        headers = options.pop("headers", {})
        params = {"wait": str(wait)} if wait else {}
        return await self.call("POST", "/v1/resolve", json={"url": url, **options}, params=params, headers=headers)

    async def finished(self, job_id: str) -> Any:
        """Return the job once it has ended."""
        while True:
            answer = await self.get(f"/v1/jobs/{job_id}", params={"wait": "20", "include": "trace"})
            if answer.body["status"] in {"done", "failed", "invalid"}:
                return answer.body
            assert answer.body["status"] in {"queued", "running"}, answer.body


@dataclass(frozen=True)
class Service:
    """A running service."""

    url: str
    settings: Settings
    pool: Pool
    lab: Lab
    session: aiohttp.ClientSession

    async def caller(self, *, credits: int = 100, account_id: int | None = None, **options: Any) -> Caller:
        """Return a client with a key and an account, which is a new one unless it is given."""
        if account_id is None:
            account_id = (await create_account(self.pool, "test", credits=credits)).id
        options = {"rate_limit": 100_000, "name": "test", **options}
        made = await create_key(self.pool, load_keyring(self.settings), account_id, **options)
        return Caller(self.session, account_id, made.id, made.key)


def named(url: str, database: str) -> str:
    """Return the same server's URL for another database."""
    return url.replace("/postgres?", f"/{database}?")


def fresh_link(host: str = "bulk.lab.test") -> str:
    """Return a link that no test has used before."""
    return f"https://{host}/{uuid4().hex}"


@asynccontextmanager
async def run_service(
    database_url: str,
    state_dir: Path,
    *,
    tiers: Sequence[Tier] = TIERS,
    webhooks: bool = True,
    receiver: Receiver | None = None,
    links_mapped: Sequence[str] = (),
    pgbouncer_url: str | None = None,
    **options: Any,
) -> AsyncIterator[Service]:
    """Run the service on a database until the context ends. Without tiers, no worker takes the jobs.

    hook.example and the receiver's names lead webhooks to the receiver. `links_mapped` extends the host map.
    `pgbouncer_url` leads to the same database.
    """
    process.allow_many_files()
    async with AsyncExitStack() as stack:
        lab = await stack.enter_async_context(Lab(state_dir=state_dir))
        settings = load(
            data_dir=state_dir,
            database_url=pgbouncer_url or database_url,
            database_direct_url=database_url if pgbouncer_url else None,
            host_map=[*lab.host_map, *links_mapped],
            webhook_host_map=receiver.host_map if receiver else (),
            extra_ca=_bundle(state_dir, lab, receiver),
            **options,
        )
        pool = await stack.enter_async_context(checked_pool(settings, database_url))
        catalog = stack.enter_context(live_catalog(settings, beneath=[lab.providers_dir]))
        workers = await stack.enter_async_context(
            run_workers(settings, database_url, pool, catalog, tiers, webhooks=webhooks)
        )
        listener = stack.enter_context(process.listen("127.0.0.1", 0))
        url = process.address_of(listener)
        running = await stack.enter_async_context(
            run_api(settings, database_url, pool, catalog, base_url=url, workers=workers, sample_links=lab.samples)
        )
        serving = http_server.serving(running.app, listener, base_url=url, end_waits=running.end_waits)
        await stack.enter_async_context(serving)
        session = await stack.enter_async_context(aiohttp.ClientSession(url))
        yield Service(url, settings, pool, lab, session)


def _bundle(folder: Path, lab: Lab, receiver: Receiver | None) -> Path:
    """Return a file with the authorities of the lab and of the receiver."""
    if receiver is None:
        return lab.ca_file
    bundle = folder / "authorities.pem"
    bundle.write_text(lab.ca_file.read_text() + receiver.ca_file.read_text())
    return bundle
