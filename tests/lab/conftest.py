"""A running lab, and a client that sees every byte of its answers."""

from collections.abc import AsyncIterator

import pytest

from linkskipper.lab import Lab
from support.raw_http import RawBrowser


@pytest.fixture(scope="session")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    async with Lab(state_dir=tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="session")
def browser(lab: Lab) -> RawBrowser:
    return RawBrowser(lab)
