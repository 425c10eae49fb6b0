"""Run the steps of a provider. To add a step, register the function that runs it in `_FUNCTIONS`."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from linkskipper.catalog import Step
from linkskipper.catalog.steps import (
    FetchStep,
    FollowStep,
    FromFragmentStep,
    FromPathStep,
    FromQueryStep,
    LinkStep,
    ScriptValueStep,
    SubmitStep,
    WaitStep,
    XhrStep,
)
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.pages.redirects import redirects
from linkskipper.resolver.questions import find_links, script_value
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.steps import embedded, form_steps

StepFunction = Callable[[Any, Navigation], Awaitable[bool]]
"""Runs a step and returns whether it found what it looks for."""


async def run_steps(
    navigation: Navigation, overrides: Mapping[type[Step], StepFunction] = MappingProxyType({})
) -> None:
    """Run the steps of the current provider until the link leaves it. `overrides` replace functions by step.

    Raises:
        Stop: The link ends. It ends as `provider_changed` if a step that is not optional finds nothing, or as
            `no_destination` if no step of the provider needs a request.
    """
    for number, step in enumerate(navigation.provider.steps, 1):
        function = overrides.get(type(step)) or _FUNCTIONS[type(step)]
        if not await function(step, navigation) and not step.optional:
            if navigation.provider.is_offline:
                break
            provider = navigation.provider.id
            raise Stop(Reason.PROVIDER_CHANGED, f'Step {number} ("{step.use}") of "{provider}" found nothing.')
        if navigation.target is not None:
            return
    if navigation.provider.is_offline:
        raise Stop(Reason.NO_DESTINATION, f"{navigation.url.href} carries no destination.")


async def _fetch(_: FetchStep, navigation: Navigation) -> bool:
    navigation.page = None
    await navigation.load_checked()
    return True


async def _follow(_: FollowStep, navigation: Navigation) -> bool:
    while navigation.target is None:
        if await _read_url(navigation) or navigation.follow_first(redirects(await navigation.load())):
            continue
        page = await navigation.load_checked(any_status=True)
        if not navigation.follow_first((await navigation.page_moves(page)).candidates):
            break
    return True


async def _read_url(navigation: Navigation) -> bool:
    """Take the destination from the current URL if a step of the provider reads such URLs."""
    for step in navigation.provider.carriers:
        if await _FUNCTIONS[type(step)](step, navigation):
            return True
    return False


async def _link(step: LinkStep, navigation: Navigation) -> bool:
    page = await navigation.load_checked()
    found = await navigation.ask_by_selector(find_links, page, step.selector, step.attr)
    if step.warning:
        found = tuple(url._replace(mechanism=Mechanism.WARNING_PAGE) for url in found)
    return navigation.follow_first(found)


async def _script_value(step: ScriptValueStep, navigation: Navigation) -> bool:
    page = await navigation.load_checked()
    url = await navigation.ask(script_value, page, step.name, step.pattern)
    return url is not None and navigation.follow_first([url])


_FUNCTIONS: dict[type[Step], StepFunction] = {
    FetchStep: _fetch,
    FollowStep: _follow,
    LinkStep: _link,
    ScriptValueStep: _script_value,
    FromQueryStep: embedded.from_query,
    FromPathStep: embedded.from_path,
    FromFragmentStep: embedded.from_fragment,
    SubmitStep: form_steps.submit,
    XhrStep: form_steps.xhr,
    WaitStep: form_steps.wait,
}
