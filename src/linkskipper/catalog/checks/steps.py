"""Whether the steps of a provider can all do something, one after the other."""

from collections.abc import Iterator
from itertools import pairwise

from linkskipper.catalog.checks.issues import Finding
from linkskipper.catalog.provider import Provider
from linkskipper.catalog.steps import Step

IN_THE_URL = frozenset({"from_query", "from_path", "from_fragment"})
NEVER_FAIL = frozenset({"fetch", "follow"})

POINTLESS = {
    ("follow", "follow"): "does nothing: the step before it has followed as far as it goes; remove it",
    ("follow", "fetch"): "gets the page that the step before it has got, which ends as a loop; remove it",
    ("fetch", "fetch"): "gets the page that the step before it has got, which ends as a loop; remove it",
}
"""By a step and the one after it: what is wrong with the latter."""


def check_steps(provider: Provider) -> Iterator[Finding]:
    """Steps that are never reached or change nothing."""
    steps = [(f"steps[{number}]", step) for number, step in enumerate(provider.steps)]
    for place, step in steps:
        yield from _check_step(place, step)
    for (_, before), (place, step) in pairwise(steps):
        if message := POINTLESS.get((before.use, step.use)):
            yield Finding(place, message)
        elif _the_same(before, step):
            yield Finding(place, "looks where the step before it has found nothing; remove it")
    yield from _check_reach(steps)


def _check_step(place: str, step: Step) -> Iterator[Finding]:
    if step.optional and step.use in NEVER_FAIL:
        yield Finding(f"{place}.optional", f'changes nothing: "{step.use}" never finds nothing; remove it', "warning")


def _check_reach(steps: list[tuple[str, Step]]) -> Iterator[Finding]:
    """What stands in the URL is found, and is the destination, or is not, and the link ends."""
    ends = next((number for number, (_, step) in enumerate(steps) if _ends(step)), len(steps))
    if rest := steps[ends + 1 :]:
        message = (
            f"is never reached: {steps[ends][0]} finds the destination or ends the link; "
            "give that one optional = true, or remove what comes after it"
        )
        yield Finding(rest[0][0], message)


def _ends(step: Step) -> bool:
    return step.use in IN_THE_URL and not step.optional


def _the_same(one: Step, other: Step) -> bool:
    left_out = {"optional"}
    return one.use in IN_THE_URL and one.model_dump(exclude=left_out) == other.model_dump(exclude=left_out)
