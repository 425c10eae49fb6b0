"""A provider's limits with the real resolver, in both engines. The shorteners refuse a client that exceeds them."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from linkskipper.catalog import Catalog
from linkskipper.egress import Client, Policy
from linkskipper.lab import Lab
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader
from support.browser import run_browser

PACED_BROWSER = """
id = "lab-interstitial"
label = "Paced"
hosts = ["interstitial.lab.test"]
tier = "premium"
engine = "browser"

[limits]
min_interval = 3

[[steps]]
use = "click"
selector = "#continue"
"""

# The site refuses requests that are less than 0.1 s apart when they arrive. On a busy machine some arrive late.
PACED = """
id = "lab-paced"
label = "Paced"
hosts = ["paced.lab.test"]
tier = "standard"

[limits]
min_interval = 1.2
"""


@pytest.fixture
async def resolver(tmp_path: Path) -> AsyncIterator[LinkResolver]:
    """Yield a resolver that finds the lab's hosts at the lab. Two of the providers have a pace."""
    (tmp_path / "lab-interstitial.toml").write_text(PACED_BROWSER)
    (tmp_path / "lab-paced.toml").write_text(PACED)
    async with Lab(state_dir=tmp_path) as lab:
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=lab.host_map, extra_ca=lab.ca_file)
        async with (
            Client(policy, user_agent=USER_AGENT) as client,
            PageReader() as reader,
            run_browser(policy) as browser,
        ):
            yield LinkResolver(Catalog.load(extra_dirs=[lab.providers_dir, tmp_path]), client, reader, browser=browser)


async def test_in_one_process(resolver: LinkResolver) -> None:
    """Of many links without a server or a database, at most two run at a time, and requests keep their distance."""
    crowd = [resolver.resolve(f"https://crowded.lab.test/20/{number}") for number in range(20)]
    paced = [resolver.resolve(f"https://paced.lab.test/two/{number}") for number in range(3)]
    resolutions = await asyncio.gather(*crowd, *paced)
    assert {resolution.reason for resolution in resolutions} == {None}


async def test_in_the_browser(resolver: LinkResolver) -> None:
    """Pages that a browser requests keep their distance too: the page behind the button comes three seconds later."""
    began = time.monotonic()
    resolution = await resolver.resolve("https://interstitial.lab.test/countdown")
    assert resolution.target_url == "https://example.com/interstitial/countdown"
    assert time.monotonic() - began > 2.9
