"""What each step of a provider file does to a visit; each says whether it found what it was to find."""

import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from linkskipper.catalog.steps import (
    FetchStep,
    FollowStep,
    FromFragmentStep,
    FromPathStep,
    FromQueryStep,
    LinkStep,
    ScriptValueStep,
    Step,
    SubmitStep,
    WaitStep,
    XhrStep,
)
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.pages.redirects import NextUrl, automatic_redirects, links, redirects, script_redirects
from linkskipper.resolver.pages.scripts import captured, variable
from linkskipper.resolver.result import Mechanism, Reason
from linkskipper.resolver.steps import form_steps
from linkskipper.resolver.urls.decode import decode

_SPELLED_OUT = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ESCAPED_DELIMITER = re.compile("%(?:3D|26|3F|23)", re.IGNORECASE)
_UNDECODED = re.compile("[\udc80-\udcff]")


StepFunction = Callable[[Any, Navigation], Awaitable[bool]]


async def run_steps(visit: Navigation, in_a_browser: Mapping[type[Step], StepFunction] = MappingProxyType({})) -> None:
    """Run the provider's steps until the link leaves it; `in_a_browser` are those that are done otherwise there.

    Raises Stop, as provider_changed where a step that is not optional finds nothing.
    """
    for number, step in enumerate(visit.provider.steps, 1):
        runner = in_a_browser.get(type(step)) or _RUNNERS[type(step)]
        if not await runner(step, visit) and not step.optional:
            raise Stop(Reason.PROVIDER_CHANGED, f'Step {number} ("{step.use}") of "{visit.provider.id}" finds nothing.')
        if visit.target is not None:
            return


async def _fetch(_: FetchStep, visit: Navigation) -> bool:
    visit.page = None
    await visit.load_checked()
    return True


async def _follow(_: FollowStep, visit: Navigation) -> bool:
    while visit.target is None:
        if visit.take(redirects(await visit.load())):
            continue
        page = await visit.load_checked()
        if not (visit.take(automatic_redirects(page)) or visit.take(script_redirects(page))):
            break
    return True


async def _link(step: LinkStep, visit: Navigation) -> bool:
    page = await visit.load_checked()
    return visit.take(links(page, step.selector, step.attr))


async def _script_value(step: ScriptValueStep, visit: Navigation) -> bool:
    page = await visit.load_checked()
    text = variable(page.scripts, step.name) if step.name else captured(page.scripts, step.pattern)
    return bool(text) and visit.take([NextUrl(text or "", Mechanism.SCRIPT_VALUE, page.base)])


async def _from_query(step: FromQueryStep, visit: Navigation) -> bool:
    text = visit.url.query if step.param is None else _parameter(visit.url.query, step.param)
    return _take_embedded(visit, decode(text, step.decode), Mechanism.QUERY)


async def _from_path(step: FromPathStep, visit: Navigation) -> bool:
    segments = visit.url.path[1:].split("/")
    inside = -len(segments) <= step.segment < len(segments)
    return inside and _take_embedded(visit, decode(segments[step.segment], step.decode), Mechanism.PATH)


async def _from_fragment(step: FromFragmentStep, visit: Navigation) -> bool:
    return _take_embedded(visit, decode(visit.url.fragment, step.decode), Mechanism.FRAGMENT)


def _parameter(query: str, name: str) -> str:
    """A parameter's value, percent-decoded as usual unless it is a URL that was put there as it stands."""
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if unquote(key) == name:
            return value if _is_as_it_stands(value) else _decoded(value)
    return ""


def _is_as_it_stands(value: str) -> bool:
    """Some escape only what would end the value: such a URL has no = of its own, and its delimiters escaped."""
    return bool(_SPELLED_OUT.match(value)) and ("=" in value or not _ESCAPED_DELIMITER.search(value))


def _decoded(value: str) -> str:
    """Percent-decoded; bytes that are not UTF-8 stay as they are spelled."""
    decoded = unquote(value, errors="surrogateescape")
    return _UNDECODED.sub(lambda found: f"%{ord(found[0]) - 0xDC00:02X}", decoded)


def _take_embedded(visit: Navigation, text: str | None, mechanism: Mechanism) -> bool:
    """Only an absolute URL counts: any text would be a relative one."""
    if text is None or not _SPELLED_OUT.match(text):
        return False
    return visit.take([NextUrl(text, mechanism, visit.url)])


_RUNNERS: dict[type[Step], StepFunction] = {
    FetchStep: _fetch,
    FollowStep: _follow,
    LinkStep: _link,
    ScriptValueStep: _script_value,
    FromQueryStep: _from_query,
    FromPathStep: _from_path,
    FromFragmentStep: _from_fragment,
    SubmitStep: form_steps.submit,
    XhrStep: form_steps.xhr,
    WaitStep: form_steps.wait,
}
