"""The guides that begin with "Add" work as they stand, in a copy of the tree."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from support.guide import Guide

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def tree() -> Iterator[Path]:
    """Return a folder for the copy. It is outside of pytest's folders, which PostgreSQL's user may not enter."""
    with TemporaryDirectory(prefix="linkskipper-tests-") as folder:
        yield Path(folder) / "copy"


def test_add_a_provider(tree: Path, server_url: str, database_url: str) -> None:
    """The new provider resolves its sample, and the tests of the package accept it."""
    guide = Guide("add-a-provider.md", tree, server_url=server_url, database_url=database_url)
    guide.follow()
    assert "short" in guide.run("linkskipper providers list --json")


def test_add_a_metric(tree: Path, server_url: str) -> None:
    """The new metric counts, and the reference pages have it."""
    Guide("add-a-metric.md", tree, server_url=server_url).follow()


def test_add_a_setting(tree: Path, server_url: str) -> None:
    """The new setting is read, has bounds, and has an effect."""
    Guide("add-a-setting.md", tree, server_url=server_url).follow()


def test_add_a_migration(tree: Path, server_url: str, database_url: str) -> None:
    """The new migration is applied to an existing database."""
    guide = Guide("add-a-migration.md", tree, server_url=server_url, database_url=database_url)
    guide.follow()
    assert '"state":"current"' in guide.run("linkskipper db status --json").replace(" ", "")


def test_add_an_endpoint(tree: Path, server_url: str) -> None:
    """The new endpoint answers, and the OpenAPI document has it."""
    Guide("add-an-endpoint.md", tree, server_url=server_url).follow()


def test_add_a_response_header(tree: Path, server_url: str) -> None:
    """Responses have the new header, and the OpenAPI document describes it."""
    Guide("add-a-response-header.md", tree, server_url=server_url).follow()


def test_add_a_webhook_header(tree: Path, server_url: str) -> None:
    """Receivers get the new header."""
    Guide("add-a-webhook-header.md", tree, server_url=server_url).follow()


def test_add_a_command(tree: Path, server_url: str) -> None:
    """The new command shows an account, and the reference has it."""
    Guide("add-a-command.md", tree, server_url=server_url).follow()


def test_add_a_provider_step(tree: Path, server_url: str) -> None:
    """Provider files may use the new step, it resolves links, and the lab shows it."""
    Guide("add-a-provider-step.md", tree, server_url=server_url).follow()
