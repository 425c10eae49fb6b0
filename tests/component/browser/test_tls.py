"""The browser trusts the operator's extra CA and the usual CAs, and verifies every certificate by them."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import Client, Policy
from linkskipper.errors import SettingsError
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader
from linkskipper.resolver.browser.trust import trust
from support.browser import run_browser
from support.browser_world import in_a_browser
from support.shortener import TARGET, Shortener, page


@pytest.fixture(scope="module")
async def resolver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LinkResolver]:
    """Yield a resolver that finds each host at a server of its own, with the certificate that the host's name says."""
    ours, others, file = trustme.CA(), trustme.CA(), tmp_path_factory.mktemp("ca") / "ca.pem"
    unrelated = trustme.CA()
    file.write_bytes(unrelated.cert_pem.bytes() + ours.cert_pem.bytes())
    bundled = others.issue_cert("bundled.test")
    bundled.cert_chain_pems.append(ours.cert_pem)  # as if that vouched for it
    certificates = {
        "good.test": ours.issue_cert("good.test"),
        "foreign.test": others.issue_cert("foreign.test"),
        "misnamed.test": ours.issue_cert("other.test"),
        "expired.test": ours.issue_cert("expired.test", not_after=datetime.now(UTC) - timedelta(days=1)),
        "bundled.test": bundled,
    }
    shortener, host_map = Shortener(), []
    async with AsyncExitStack() as stack:
        for host, certificate in certificates.items():
            shortener.put("/link", page(f'<a id="continue" href="{TARGET}">Go</a>'), host=host)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            server = await asyncio.start_server(shortener.serve, "127.0.0.1", 0, ssl=context)
            stack.callback(server.close)
            host_map.append(f"{host}:443=127.0.0.1:{server.sockets[0].getsockname()[1]}")
        policy = Policy.parse(ports=["443"], allow=[], host_map=host_map, extra_ca=file)
        client = await stack.enter_async_context(Client(policy, user_agent=USER_AGENT))
        engine = await stack.enter_async_context(run_browser(policy))
        catalog = Catalog(Provider.model_validate(in_a_browser(host)) for host in certificates)
        yield LinkResolver(catalog, client, PageReader(), browser=engine)


async def test_the_extra_ca(resolver: LinkResolver) -> None:
    """A certificate of any CA in the operator's file is accepted."""
    assert (await resolver.resolve("https://good.test/link")).target_url == TARGET


@pytest.mark.parametrize("host", ["foreign.test", "misnamed.test", "expired.test", "bundled.test"])
async def test_everything_else_is_verified(resolver: LinkResolver, host: str) -> None:
    """A certificate is refused if it is of another CA, for another host, expired, or only bundled with our CA's."""
    resolution = await resolver.resolve(f"https://{host}/link")
    assert (resolution.reason, resolution.hops[0].status) == ("upstream_error", None)


def test_a_database_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate database that cannot be created raises a settings error. The process continues."""
    file = tmp_path / "ca.pem"
    file.write_bytes(trustme.CA().cert_pem.bytes())
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)
    with pytest.raises(SettingsError, match="the browser cannot use"):
        trust(file, tmp_path / "home")


@pytest.mark.attack
async def test_the_extra_ca_vouches_for_its_names_only(tmp_path: Path) -> None:
    """A certificate of the extra CA for a name that the operator has not mapped is not trusted."""
    ours, file, shortener = trustme.CA(), tmp_path / "ca.pem", Shortener()
    file.write_bytes(ours.cert_pem.bytes())
    hosts, host_map, servers = ("good.test", "other.test"), [], []
    for host in hosts:
        shortener.put("/link", page(f'<a id="continue" href="{TARGET}">Go</a>'), host=host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ours.issue_cert(host, f"*.{host}").configure_cert(context)
        servers.append(await asyncio.start_server(shortener.serve, "127.0.0.1", 0, ssl=context))
        host_map.append(f"{host}:443=127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}")
    policy = Policy.parse(ports=["443"], allow=[], host_map=host_map, extra_ca=file)
    assert policy.names_of_extra_ca == hosts
    async with (
        Client(policy, user_agent=USER_AGENT) as client,
        run_browser(policy, extra_ca_names=("good.test",)) as engine,
    ):
        catalog = Catalog(Provider.model_validate(in_a_browser(host)) for host in hosts)
        resolver = LinkResolver(catalog, client, PageReader(), browser=engine)
        good, other = [await resolver.resolve(f"https://{host}/link") for host in hosts]
    for server in servers:
        server.close()
    assert good.target_url == TARGET
    assert (other.reason, other.hops[0].status) == ("upstream_error", None)
