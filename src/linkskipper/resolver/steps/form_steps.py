"""Run the steps that send forms and wait for countdowns."""

from linkskipper.catalog.steps import BaseCountdown, SubmitStep, WaitStep, XhrStep
from linkskipper.resolver.forms.submission import FormSubmission
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.redirects import redirects
from linkskipper.resolver.questions import (
    check_json,
    click_submission,
    countdown_seconds,
    has_element,
    has_form,
    json_value,
    place_of_scripts,
    xhr_submission,
)
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.urls.target import Target


async def submit(step: SubmitStep, navigation: Navigation) -> bool:
    """Send a form as a click does, and load the page that answers."""
    page = await _find_page(navigation, step.selector)
    if page is None:
        return True
    submission = await _prepare(step, page, navigation)
    if submission is None or _is_decoy(submission.target, navigation):
        return False
    navigation.submit(submission, Mechanism.FORM)
    await _follow_redirects(navigation)
    if navigation.target is None:
        await navigation.load_checked()
    return True


async def xhr(step: XhrStep, navigation: Navigation) -> bool:
    """Send a form as a script does, and take the URL from the JSON response."""
    page = await _find_page(navigation, step.selector)
    if page is None:
        return True
    submission = await _prepare(step, page, navigation)
    if submission is None or not _is_same_origin(submission.target, page):
        return False
    navigation.submit(submission, Mechanism.XHR)
    await _follow_redirects(navigation)
    if navigation.target is None and navigation.url.origin == page.url.origin:
        await navigation.ask(check_json, await navigation.load(), page.url.host)
        url = await navigation.ask(json_value, await navigation.load_checked(), step.pick)
        if url is not None:
            place = await navigation.ask(place_of_scripts, page)
            if navigation.follow_first([place._replace(text=url)]):
                return True
    navigation.restore(page)
    return False


async def wait(step: WaitStep, navigation: Navigation) -> bool:
    """Wait for the countdown of the page."""
    page = await _find_page(navigation, None)
    return page is None or await _wait_out(step, page, navigation)


def _is_decoy(target: Target, navigation: Navigation) -> bool:
    return target.url is not None and navigation.provider.is_decoy(target.url.host)


def _is_same_origin(target: Target, page: Page) -> bool:
    """Return whether a script of the page may read the response of the target."""
    return target.url is not None and target.url.origin == page.url.origin


async def _prepare(step: SubmitStep | XhrStep, page: Page, navigation: Navigation) -> FormSubmission | None:
    """Find the form, wait for its countdown, and return the request that sends it."""
    waited = step.wait is not None
    if not await navigation.ask_by_selector(has_form, page, step.selector, waited=waited):
        return None
    if step.wait is not None and not await _wait_out(step.wait, page, navigation):
        return None
    submission = xhr_submission if isinstance(step, XhrStep) else click_submission
    return await navigation.ask_by_selector(submission, page, step.selector, waited=waited)


async def _wait_out(countdown: BaseCountdown, page: Page, navigation: Navigation) -> bool:
    seconds = countdown.seconds
    if countdown.var is not None:
        seconds = await navigation.ask(countdown_seconds, page, countdown.var)
    if seconds is None:
        return False
    await navigation.wait_out(max(seconds, 0), countdown.max)
    return True


async def _find_page(navigation: Navigation, selector: str | None) -> Page | None:
    """Follow redirects up to the page that contains the selector, or to the last page.

    Return None if the link leaves the provider before.
    """
    while navigation.target is None:
        if navigation.follow_first(redirects(await navigation.load())):
            continue
        page = await navigation.load_checked(any_status=True)
        is_found = selector is None or await navigation.ask_by_selector(has_element, page, selector)
        if is_found or not navigation.follow_first((await navigation.page_moves(page)).candidates):
            await navigation.check_status(page)
            return page
    return None


async def _follow_redirects(navigation: Navigation) -> None:
    while navigation.target is None and navigation.follow_first(redirects(await navigation.load())):
        pass
