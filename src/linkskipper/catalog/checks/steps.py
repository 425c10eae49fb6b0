"""Check that each step of a provider is reached and can change something."""

from collections.abc import Iterator
from itertools import pairwise

from linkskipper.catalog.issues import Issue
from linkskipper.catalog.provider import Provider
from linkskipper.catalog.steps import Step

POINTLESS_PAIRS = {
    ("follow", "follow"): "does nothing, because the step before it followed every redirect. Remove it.",
    ("follow", "fetch"): "gets the page that the step before it got, which ends as a loop. Remove it.",
    ("fetch", "fetch"): "gets the page that the step before it got, which ends as a loop. Remove it.",
}
"""Why the second of two steps in a row is wrong."""


def check_steps(provider: Provider) -> Iterator[Issue]:
    """Find steps that are never reached or change nothing."""
    steps = [(f"steps[{number}]", step) for number, step in enumerate(provider.steps)]
    for place, step in steps:
        if step.optional and step.always_succeeds:
            effect = f'has no effect, because "{step.use}" always succeeds. Remove it.'
            yield Issue(f"{place}.optional", effect, "warning")
    for (_, before), (place, step) in pairwise(steps):
        if message := POINTLESS_PAIRS.get((before.use, step.use)):
            yield Issue(place, message)
        elif _is_repeated(before, step):
            yield Issue(place, "reads what the step before it has read. Remove it.")
    yield from _check_reach(steps)


def _check_reach(steps: list[tuple[str, Step]]) -> Iterator[Issue]:
    """Find the first step after one that finds the destination or ends the link."""
    last = next((number for number, (_, step) in enumerate(steps) if _always_ends(step)), len(steps))
    if unreachable := steps[last + 1 :]:
        message = (
            f"is never reached: {steps[last][0]} finds the destination or ends the link. "
            "Set optional = true there, or remove the steps after it."
        )
        yield Issue(unreachable[0][0], message)


def _always_ends(step: Step) -> bool:
    return step.reads_url and not step.optional


def _is_repeated(before: Step, step: Step) -> bool:
    ignored = {"optional"}
    return step.reads_url and before.model_dump(exclude=ignored) == step.model_dump(exclude=ignored)
