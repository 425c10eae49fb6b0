"""Every link of the lab, through the real resolver: each leads where the lab says, or ends as it says."""

from collections.abc import AsyncIterator

import pytest

from linkskipper.catalog import Catalog
from linkskipper.egress import Client, Policy
from linkskipper.lab import Lab, LabLink
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader
from support.browser import run_browser


@pytest.fixture(scope="module")
async def resolver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LinkResolver]:
    """A resolver that finds the lab's hosts at the lab."""
    async with Lab(state_dir=tmp_path_factory.mktemp("lab")) as lab:
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=lab.host_map, extra_ca=lab.ca_file)
        async with (
            Client(policy, user_agent=USER_AGENT) as client,
            PageReader() as reader,
            run_browser(policy) as browser,
        ):
            yield LinkResolver(Catalog.load(extra_dirs=[lab.providers_dir]), client, reader, browser=browser)


@pytest.mark.parametrize("link", Lab.links, ids=lambda link: link.url)
async def test_every_link_ends_as_the_lab_says(resolver: LinkResolver, link: LabLink) -> None:
    """The target, letter by letter, or the stop reason."""
    resolution = await resolver.resolve(link.url)
    assert (resolution.target_url, resolution.reason) == (link.target, link.reason)
