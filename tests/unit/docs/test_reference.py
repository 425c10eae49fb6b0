"""The reference pages list what the code has: all of it, and nothing else."""

import re
from collections.abc import Iterator
from typing import Any

import click
import pytest
from prometheus_client import REGISTRY
from typer.main import get_command

from linkskipper.cli.commands import app
from linkskipper.jobs.states import TRANSITIONS
from linkskipper.provider_health import circuit_breaker
from linkskipper.resolver import REASONS
from linkskipper.settings import Settings
from support.documents import DOCS, ROOT, headings
from support.log_events import log_events
from tools.reference import with_metrics, with_settings

EVENTS = log_events(ROOT / "src")


def rows(page: str) -> dict[str, list[str]]:
    """Return the cells of a page's table rows by their first cell, without Markdown."""
    found = dict[str, list[str]]()
    for line in re.findall(r"^\|(.*)\|$", (DOCS / page).read_text(), re.MULTILINE):
        first, *others = (cell.strip() for cell in re.split(r"(?<!\\)\|", line))
        found[re.sub(r"\[?`([^`]*)`.*", r"\1", first)] = others
    return found


def edges(page: str, heading: str) -> set[tuple[str, str]]:
    """Return the arrows of the state diagram below a heading."""
    section = (DOCS / page).read_text().partition(f"\n## {heading}\n")[2]
    diagram = re.search(r"```mermaid\nstateDiagram-v2\n(.*?)```", section, re.DOTALL)
    assert diagram is not None
    return set(re.findall(r"(\w+) --> (\w+)", diagram[1]))


def command_paths(command: Any, path: tuple[str, ...] = ("linkskipper",)) -> Iterator[str]:
    """Yield the names of all commands, as they are typed."""
    context = click.Context(command)
    names = command.list_commands(context) if hasattr(command, "list_commands") else []
    for name in names:
        yield from command_paths(command.get_command(context, name), (*path, name))
    if not names:
        yield " ".join(path)


def test_settings() -> None:
    """docs/reference/settings.md has the tables that `make reference` writes, and a row for each setting."""
    page = (DOCS / "reference/settings.md").read_text()
    assert with_settings(page) == page
    listed = {name for name in rows("reference/settings.md") if name.startswith("LINKSKIPPER_")}
    assert listed == {f"LINKSKIPPER_{name.upper()}" for name in Settings.model_fields}


def test_commands() -> None:
    """docs/reference/commands.md has a row for each command."""
    listed = {
        re.sub(r" (?:-|\[|[A-Z]).*", "", name) for name in rows("reference/commands.md") if name.startswith("link")
    }
    assert listed == set(command_paths(get_command(app)))


def test_metrics() -> None:
    """docs/reference/metrics.md is what `make reference` writes. It and the runbook have each metric."""
    page = (DOCS / "reference/metrics.md").read_text()
    assert with_metrics(page) == page
    metrics = {
        f"{metric.name}_total" if metric.type == "counter" else metric.name
        for metric in REGISTRY.collect()
        if metric.name.startswith("linkskipper_")
    }
    assert {name for name in rows("reference/metrics.md") if name.startswith("linkskipper_")} == metrics
    assert {name for name in headings(DOCS / "guides/runbook.md") if name.startswith("linkskipper_")} == metrics


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_log_events(event: Any) -> None:
    """docs/reference/log-events.md has the level and the fields of each event, and the runbook says what to do."""
    level, fields = rows("reference/log-events.md").get(event.name, ("no row", ""))
    assert event.level in level.split(", ")
    assert event.fields <= set(re.findall(r"`([^`]+)`", fields))
    assert event.name in headings(DOCS / "guides/runbook.md")


def test_no_other_log_events() -> None:
    """Events that are gone are gone from the pages."""
    names = {event.name for event in EVENTS}
    assert {name for name in rows("reference/log-events.md") if "." in name} == names
    assert {name for name in headings(DOCS / "guides/runbook.md") if "." in name} == names


def test_job_states() -> None:
    """The diagram of a job has the transitions of the table."""
    drawn = {(before, after) for before, after in edges("explanation/states.md", "Job")}
    assert drawn == {(before.value, after.value) for before, following in TRANSITIONS.items() for after in following}


def test_circuit_states() -> None:
    """The diagram of a circuit has its states."""
    drawn = {state for edge in edges("explanation/states.md", "Circuit") for state in edge}
    assert drawn == {state.name.lower() for state in circuit_breaker.CircuitState}


def test_stop_rules() -> None:
    """Each reason has its row, and ends the job as the row says."""
    listed = rows("explanation/states.md")
    assert {reason: listed.get(reason.value, [""])[0] for reason in REASONS} == {
        reason: rule.ends_as for reason, rule in REASONS.items()
    }


def test_rooms() -> None:
    """docs/explanation/architecture.md has each room and each single file."""
    package = ROOT / "src" / "linkskipper"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    files = {path.stem for path in package.glob("[a-z]*.py")}
    page = (DOCS / "explanation/architecture.md").read_text()
    table = page.partition("\n## Rooms\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE)))) == rooms | files
