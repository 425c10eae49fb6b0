"""Build the parts that resolve links: the guard and the browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from linkskipper.egress import Policy
from linkskipper.errors import SettingsError, SystemUserError
from linkskipper.logs import LibraryLogger
from linkskipper.resolver import USER_AGENT, StepRunner
from linkskipper.resolver.browser import MISSING, BrowserOptions, LazyBrowser, browser_user, find_browser
from linkskipper.settings import Settings

log = LibraryLogger(__name__)

NOTHING_ALLOWED: dict[str, Any] = {"ports": (), "allow": (), "host_map": (), "extra_ca": None}


def egress_policy(settings: Settings) -> Policy:
    """Return the guard that the settings describe.

    Raises:
        SettingsError: one line for each setting that is wrong.
    """
    parts: dict[str, dict[str, Any]] = {
        "LINKSKIPPER_EGRESS_PORTS": {"ports": settings.egress_ports},
        "LINKSKIPPER_EGRESS_ALLOW": {"allow": settings.egress_allow},
        "LINKSKIPPER_EGRESS_DENY": {"deny": settings.egress_deny},
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
    policy = Policy.parse(**{name: value for part in parts.values() for name, value in part.items()})
    for network in policy.wide_ranges():
        log.warning("egress.wide_range", setting="LINKSKIPPER_EGRESS_ALLOW", range=network)
    return policy


@asynccontextmanager
async def browser_engine(settings: Settings, policy: Policy) -> AsyncIterator[StepRunner | None]:
    """Provide the engine that resolves links in a browser, or None without a browser on this machine.

    Raises:
        SettingsError: the browser of the settings cannot run.
    """
    executable = find_browser(settings.browser)
    if executable is None:
        log.warning("browser.missing", note=MISSING)
        yield None
        return
    try:
        await asyncio.to_thread(browser_user, executable, sandbox=settings.browser_sandbox)
    except SystemUserError as error:
        log.warning("browser.refused", note=str(error))
        yield None
        return
    if not settings.browser_sandbox:
        log.warning("browser.without_sandbox", note="a page that breaks out of Chromium has all rights of its user")
    options = browser_options(settings, policy, executable)
    async with LazyBrowser(policy, options) as browser:
        yield browser


def browser_options(settings: Settings, policy: Policy, executable: Path) -> BrowserOptions:
    """Return how the settings want a browser to run."""
    return BrowserOptions(
        executable,
        USER_AGENT,
        contexts=settings.browser_contexts,
        memory=settings.browser_memory * 1024**2,
        extra_ca=settings.extra_ca,
        extra_ca_names=policy.names_of_extra_ca,
        sandbox=settings.browser_sandbox,
    )
