"""A browser engine on the Chromium of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from linkskipper.egress import BrowserProxy, Policy, ProxyLimits
from linkskipper.resolver import USER_AGENT
from linkskipper.resolver.browser import BrowserOptions, find_browser
from linkskipper.resolver.browser.engine import BrowserEngine
from linkskipper.settings import load

LIMITS = ProxyLimits()


@asynccontextmanager
async def run_browser(
    policy: Policy, *, limits: ProxyLimits = LIMITS, nameservers: list[str] | None = None, **options: Any
) -> AsyncIterator[BrowserEngine]:
    """Yield an engine that reaches what the policy allows. All other options are those of an operator."""
    executable = options.pop("executable", None) or find_browser(load().browser)
    assert executable is not None, "make test installs a Chromium (tools/test_programs.py)"
    options = {"sandbox": load().browser_sandbox, **options}
    chosen = BrowserOptions(executable, USER_AGENT, extra_ca=policy.extra_ca, **options)
    async with (
        BrowserProxy(policy, limits=limits, nameservers=nameservers) as proxy,
        BrowserEngine(chosen, proxy) as engine,
    ):
        yield engine
