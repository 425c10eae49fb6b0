"""A world that many tests share, each with a page of its own."""

from collections.abc import AsyncIterator

import pytest

from browser.world import World, run_world


@pytest.fixture(scope="session")
async def shared_world() -> AsyncIterator[World]:
    async with run_world() as world:
        yield world


@pytest.fixture
def world(shared_world: World) -> World:
    """The shared world, as if new."""
    shared_world.canary.forget()
    shared_world.shortener.pages.clear()
    shared_world.shortener.asked.clear()
    shared_world.shortener.heads.clear()
    return shared_world
