"""Links from the wild lead where browsers go. Each case in cases/*.json is one of them."""

from collections.abc import AsyncIterator

import pytest

from support.cases import Case, CaseRunner, read_cases, run_cases

CASES = dict(read_cases())


def parameters() -> list[object]:
    """The cases by name. Those that need a browser are marked."""
    marks = {name: [pytest.mark.browser] if case.browser else [] for name, case in CASES.items()}
    return [pytest.param(case, id=name, marks=marks[name]) for name, case in CASES.items()]


@pytest.fixture(scope="module")
async def runner(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CaseRunner]:
    hosts = {host for case in CASES.values() for host in case.hosts}
    async with run_cases(tmp_path_factory.mktemp("cases"), hosts) as runner:
        yield runner


@pytest.mark.parametrize("case", parameters())
async def test_case(runner: CaseRunner, case: Case) -> None:
    """The link ends as the case expects."""
    resolution = await runner.resolve(case)
    fields = {name: value for name, value in case.expect.items() if name != "says"}
    assert {name: getattr(resolution, name) for name in fields} == fields, (case.proves, resolution)
    assert case.expect.get("says", "") in (resolution.detail or "")
