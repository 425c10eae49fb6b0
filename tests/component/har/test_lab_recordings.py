"""Every link of the lab, recorded in a file and played back from it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from linkskipper.catalog import Catalog
from linkskipper.cli.recording import RecordingResolver
from linkskipper.egress import Client, Policy
from linkskipper.egress.har import build_har, read_har, write_har
from linkskipper.lab import Lab, LabLink
from linkskipper.resolver import USER_AGENT, PageReader
from support.replay import replay

pytestmark = pytest.mark.slow

CATALOG = Catalog.load(extra_dirs=[Lab.providers_dir])


def needs_browser(link: LabLink) -> bool:
    provider = CATALOG.owner(link.url.split("/")[2])
    return provider is not None and provider.engine == "browser"


SLOW = ("slow.lab.test", "premium.lab.test")  # seconds of waiting that prove nothing here
LINKS = [link for link in Lab.links if not any(host in link.url for host in SLOW) and not needs_browser(link)]


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client that finds the lab's hosts at the lab."""
    async with Lab(state_dir=tmp_path_factory.mktemp("lab")) as lab:
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=lab.host_map, extra_ca=lab.ca_file)
        async with Client(policy, user_agent=USER_AGENT) as client:
            yield client


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.url)
async def test_every_link_ends_again_as_it_did(client: Client, link: LabLink, tmp_path: Path) -> None:
    """With every mechanism and stop rule, the file leads to the same end by the same hops, and needs no network."""
    recorder = RecordingResolver(CATALOG, client, PageReader())
    first = await recorder.resolve(link.url)
    write_har(build_har(recorder.recorded), tmp_path / "link.har")
    ((outcome, then),) = await replay(read_har(tmp_path / "link.har"), CATALOG)
    assert (outcome.target_url, outcome.reason) == (link.target, link.reason)
    assert (then.target_url, then.reason, then.detail) == (first.target_url, first.reason, first.detail)
    assert [(hop.url, hop.mechanism, hop.status) for hop in then.hops] == [
        (hop.url, hop.mechanism, hop.status) for hop in first.hops
    ]
