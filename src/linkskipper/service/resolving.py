"""Build the parts that resolve links: the catalog, the guard, the browser."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from linkskipper.catalog import Catalog, LiveCatalog
from linkskipper.egress import Policy
from linkskipper.errors import SettingsError
from linkskipper.resolver import USER_AGENT, StepRunner
from linkskipper.resolver.browser import BrowserOptions, LazyBrowser, find_browser
from linkskipper.settings import Settings

NOTHING_ALLOWED: dict[str, Any] = {"ports": (), "allow": (), "host_map": (), "extra_ca": None}


def load_catalog(settings: Settings) -> Catalog:
    """Read the built-in provider files and, over them, those of the operator.

    Raises:
        CatalogError: a provider file is wrong.
    """
    return Catalog.load(extra_dirs=[settings.providers_dir] if settings.providers_dir else [])


@contextmanager
def live_catalog(settings: Settings, *, beneath: Sequence[Path] = ()) -> Iterator[Catalog]:
    """Provide a catalog that follows the operator's files. Broken files do not stop it.

    The files of the directories in `beneath` are read once. The operator's files take precedence over them.
    """
    live = LiveCatalog(settings.providers_dir, beneath=beneath)
    scanning = live.periodic().start() if settings.providers_dir is not None else None
    try:
        yield live.catalog
    finally:
        if scanning is not None:
            scanning.cancel()


def egress_policy(settings: Settings) -> Policy:
    """Return the guard that the settings describe.

    Raises:
        SettingsError: one line for each setting that is wrong.
    """
    parts: dict[str, dict[str, Any]] = {
        "LINKSKIPPER_EGRESS_PORTS": {"ports": settings.egress_ports},
        "LINKSKIPPER_EGRESS_ALLOW": {"allow": settings.egress_allow},
        "LINKSKIPPER_HOST_MAP": {"host_map": settings.host_map},
        "LINKSKIPPER_EXTRA_CA": {"extra_ca": settings.extra_ca},
    }
    errors = []
    for variable, part in parts.items():
        try:
            Policy.parse(**{**NOTHING_ALLOWED, **part})
        except SettingsError as error:
            errors.append(f"{variable}: {error}")
    if errors:
        raise SettingsError("\n".join(errors))
    return Policy.parse(**{name: value for part in parts.values() for name, value in part.items()})


@asynccontextmanager
async def browser_engine(settings: Settings, policy: Policy) -> AsyncIterator[StepRunner | None]:
    """Provide the engine that resolves links in a browser, or None without a browser on this machine.

    Raises:
        SettingsError: the browser of the settings cannot run.
    """
    executable = find_browser(settings.browser)
    if executable is None:
        yield None
        return
    options = BrowserOptions(
        executable,
        USER_AGENT,
        contexts=settings.browser_contexts,
        memory=settings.browser_memory * 1024**2,
        extra_ca=settings.extra_ca,
    )
    async with LazyBrowser(policy, options) as browser:
        yield browser
