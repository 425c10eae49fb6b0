"""The alert rules for Prometheus agree with the metrics and the runbook, and each one fires."""

import re
import subprocess
import sys

import pytest
from prometheus_client import REGISTRY

from support.documents import DOCS, ROOT, anchors
from tools import promtool

FOLDER = ROOT / "deploy" / "prometheus"
RULES = {text.split("\n", 1)[0]: text for text in (FOLDER / "alerts.yml").read_text().split("- alert: ")[1:]}
SUFFIXES = {"counter": "_total", "histogram": "_bucket"}
EXPOSE = "import linkskipper.metrics, prometheus_client as p; print(p.generate_latest().decode())"
METRICS = {f"{metric.name}{SUFFIXES.get(metric.type, '')}" for metric in REGISTRY.collect()}


@pytest.mark.parametrize("name", RULES)
def test_a_rule(name: str) -> None:
    """A rule uses metrics that exist, names an entry of the runbook, and has a test that makes it fire."""
    [(page, entry)] = re.findall(r"runbook_url: (\S+)#(\S+)", RULES[name])
    expression = RULES[name].partition("labels:")[0]
    assert set(re.findall(r"linkskipper_\w+", expression)) <= METRICS
    assert page == "docs/guides/runbook.md"
    assert entry in anchors(DOCS / "guides/runbook.md")
    assert f'alertname="{name}"' in (FOLDER / "alerts_test.yml").read_text()


def test_the_first_event_is_seen() -> None:
    """Counters of rules that fire at a few events exist from the start: Prometheus sees no rise in a new series."""
    text = subprocess.check_output([sys.executable, "-c", EXPOSE], text=True)
    counted = [
        each for rule in RULES.values() for each in re.findall(r"increase\((\w+)(?:{(.*?)})?\[\w+\]\)\) > \d\n", rule)
    ]
    assert ("linkskipper_jobs_ended_total", 'reason="internal_error"') in counted
    for name, label in counted:
        assert [line for line in text.splitlines() if line.startswith(name) and label in line], name


def test_every_rule_fires() -> None:
    """promtool accepts the rules, and its tests make each one fire."""
    program = promtool.find()
    assert program is not None, "`python -m tools.test_programs` installs promtool"
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
        ran = subprocess.run([program, *command], cwd=FOLDER, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
