"""Checks of this machine: files, network, browser."""

import asyncio
import resource
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence

from linkskipper.api import InMemoryRateLimiter, SharedRateLimiter
from linkskipper.catalog import Catalog, check
from linkskipper.egress import Client, Refused, TimedOut, Unreachable, parse_url
from linkskipper.egress.connect import GuardedResolver
from linkskipper.errors import EgressError, SystemUserError
from linkskipper.resolver import USER_AGENT
from linkskipper.resolver.browser import MISSING, browser_user, find_browser, try_start
from linkskipper.service.doctor.result import CheckResult, CheckState, ok
from linkskipper.service.resolving import browser_options, egress_policy
from linkskipper.settings import Settings, unsafe_settings

PROBE_URL = "https://example.com/"
DNS_SECONDS = 5.0
LOW_DISK = 1 << 30  # bytes
FEW_FILES = 4096
SHOWN_CHARACTERS = 300
GIB = 1 << 30
INSTALL_BROWSER = (
    "Read the lines above. If a library is missing, install it:"
    " on Debian, apt install chromium-headless-shell libatomic1."
)


async def check_limits_store(settings: Settings) -> CheckResult:
    """Check that the server that shares the limits answers."""
    if settings.limits_url is None:
        return ok("limits store", "Each API process counts for itself.")
    limiter = SharedRateLimiter(settings.limits_url, InMemoryRateLimiter())
    try:
        if await limiter.answers():
            return ok("limits store", "The limits store answers.")
    finally:
        await limiter.close()
    return CheckResult(
        "limits store",
        "problem",
        "The limits store does not answer. Each API process counts for itself.",
        "Start it, or correct LINKSKIPPER_LIMITS_URL.",
    )


async def check_provider_files(settings: Settings) -> CheckResult:
    """Check the provider files of the operator."""
    name, directory = "provider files", settings.providers_dir
    if directory is None:
        return ok(name, "Only the built-in provider files are used.")
    issues = await asyncio.to_thread(check, [directory], beneath=Catalog.load())
    if not issues:
        return ok(name, f"The files in {directory} are valid.")
    state: CheckState = "problem" if any(issue.level == "error" for issue in issues) else "warning"
    more = f" There are {len(issues) - 1} more issues." if len(issues) > 1 else ""
    return CheckResult(name, state, f"{issues[0]}{more}", "Run linkskipper providers check.")


async def check_dns(settings: Settings, nameservers: Sequence[str] | None = None) -> CheckResult:
    """Check that public names resolve, as links and webhooks need it."""
    url = parse_url(PROBE_URL)
    resolver = GuardedResolver(egress_policy(settings), nameservers, DNS_SECONDS)
    try:
        await resolver.resolve(url.host, url.port)
    except EgressError as error:
        action = "Correct the name servers of this machine (/etc/resolv.conf), or let it reach them."
        return CheckResult("DNS", "problem", f"{url.host}: {error}.", action)
    finally:
        await resolver.close()
    return ok("DNS", f"{url.host} resolves.")


async def check_egress(settings: Settings) -> CheckResult:
    """Check that HTTPS servers can be reached."""
    url = parse_url(PROBE_URL)
    async with Client(egress_policy(settings), user_agent=USER_AGENT) as client:
        try:
            response = await client.fetch(url)
        except (Refused, Unreachable, TimedOut) as error:
            action = "Check the firewall and the clock of this machine, and DNS above."
            return CheckResult("egress", "problem", f"{PROBE_URL} cannot be reached: {error}.", action)
    return ok("egress", f"{PROBE_URL} answers with status {response.status}.")


async def check_browser(settings: Settings) -> CheckResult:
    """Check that there is a browser, and that it starts."""
    executable = find_browser(settings.browser)
    if executable is None:
        action = "Install Chromium and the extra browser, or leave premium links to other workers."
        return CheckResult("browser", "warning", MISSING, action)
    try:
        await asyncio.to_thread(browser_user, executable, sandbox=settings.browser_sandbox)
    except SystemUserError as error:
        return CheckResult("browser", "problem", str(error), "Run the service as an ordinary user.")
    try:
        await try_start(browser_options(settings, egress_policy(settings), executable))
    except Exception as error:
        # Playwright adds all that it has logged. These are the lines of Chromium.
        lines = [line for line in str(error).splitlines() if "[err]" in line] or [str(error)]
        shown = " ".join(" ".join(lines).split())[:SHOWN_CHARACTERS]
        return CheckResult("browser", "problem", f"{executable} does not start: {shown}", INSTALL_BROWSER)
    return ok("browser", f"{executable} starts.")


async def check_disk(settings: Settings) -> CheckResult:
    """Check the free space of the data directory."""
    existing = next(folder for folder in (settings.data_dir, *settings.data_dir.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if free < LOW_DISK:
        action = "Free space, move the data directory, or lower LINKSKIPPER_KEEP_DAYS."
        return CheckResult("disk", "warning", f"{existing} has {free / GIB:.1f} GiB free.", action)
    return ok("disk", f"{existing} has {free / GIB:.0f} GiB free.")


async def check_open_files(settings: Settings) -> CheckResult:
    """Check how many files and connections a process may open."""
    del settings
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit != resource.RLIM_INFINITY and limit < FEW_FILES:
        found = f"A process may open {limit} files. Each connection is one."
        return CheckResult("open files", "warning", found, f"Raise the hard limit (ulimit -Hn) to {FEW_FILES} or more.")
    return ok("open files", "Processes may open enough files.")


async def check_safety(settings: Settings) -> CheckResult:
    """Warn about settings that are unsafe on a public machine."""
    if warnings := unsafe_settings(settings):
        return CheckResult("safety", "warning", " ".join(warnings), "Change these settings unless you need them.")
    return ok("safety", "No setting is unsafe on a public machine.")


CHECKS: Mapping[str, Callable[[Settings], Awaitable[CheckResult]]] = {
    "limits store": check_limits_store,
    "provider files": check_provider_files,
    "DNS": check_dns,
    "egress": check_egress,
    "browser": check_browser,
    "disk": check_disk,
    "open files": check_open_files,
    "safety": check_safety,
}
