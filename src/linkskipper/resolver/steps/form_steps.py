"""The steps that send forms and wait for them."""

from linkskipper.catalog.steps import Countdown, SubmitStep, WaitStep, XhrStep
from linkskipper.resolver.forms.replies import check_reply, pick, read_json
from linkskipper.resolver.forms.submission import FormSubmission, find_form, submit_by_click, submit_by_xhr
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.redirects import NextUrl, automatic_redirects, redirects
from linkskipper.resolver.pages.scripts import number
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.urls.target import Target


async def submit(step: SubmitStep, visit: Navigation) -> bool:
    """Send a form as a click would, and come to the page that answers."""
    page = await _come_to(visit, step.selector)
    if page is None:
        return True
    sending = await _ready(step, page, visit)
    if sending is None or (sending.target.url is not None and visit.provider.is_decoy(sending.target.url.host)):
        return False
    visit.send(sending, Mechanism.FORM)
    await _follow_redirects(visit)
    if visit.target is None:
        await visit.load_checked()
    return True


async def xhr(step: XhrStep, visit: Navigation) -> bool:
    """Send a form as a script would, and take the URL from the answer."""
    page = await _come_to(visit, step.selector)
    if page is None:
        return True
    sending = await _ready(step, page, visit)
    if sending is None or not _is_same_origin(sending.target, page):
        return False
    visit.send(sending, Mechanism.XHR)
    await _follow_redirects(visit)
    if visit.target is None and visit.url.origin == page.url.origin:
        document = read_json((await visit.load()).response)
        check_reply(document, page.url.host)
        await visit.load_checked()
        url = pick(document, step.pick)
        if url is not None and visit.take([NextUrl(url, Mechanism.JSON_VALUE, page.base)]):
            return True
    visit.back(page)
    return False


async def wait(step: WaitStep, visit: Navigation) -> bool:
    """Wait out the page's countdown."""
    page = await _come_to(visit, None)
    return page is None or await _wait_out(step, page, visit)


def _is_same_origin(target: Target, page: Page) -> bool:
    """What another origin answers, a script may not read."""
    return target.url is not None and target.url.origin == page.url.origin


async def _ready(step: SubmitStep | XhrStep, page: Page, visit: Navigation) -> FormSubmission | None:
    """Find the form, and make it ready once its countdown is over."""
    form = find_form(page, step.selector, waited=step.wait is not None)
    if form is None or (step.wait is not None and not await _wait_out(step.wait, page, visit)):
        return None
    return submit_by_xhr(form, page) if isinstance(step, XhrStep) else submit_by_click(form, page)


async def _wait_out(countdown: Countdown | WaitStep, page: Page, visit: Navigation) -> bool:
    seconds = countdown.seconds if countdown.var is None else number(page.scripts, countdown.var)
    if seconds is None:
        return False
    await visit.wait(max(seconds, 0), countdown.max)
    return True


async def _come_to(visit: Navigation, selector: str | None) -> Page | None:
    """Go where the link takes any visitor, up to the page that holds what is looked for; None where it leaves first."""
    while visit.target is None:
        if visit.take(redirects(await visit.load())):
            continue
        page = await visit.load_checked()
        is_here = selector is None or (page.tree is not None and page.tree.css_first(selector) is not None)
        if is_here or not visit.take(automatic_redirects(page)):
            return page
    return None


async def _follow_redirects(visit: Navigation) -> None:
    while visit.target is None and visit.take(redirects(await visit.load())):
        pass
