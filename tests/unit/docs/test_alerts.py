"""The alert rules for Prometheus agree with the metrics and the runbook. `promtool test rules` makes each one fire."""

import re

import pytest
from prometheus_client import REGISTRY

from support.documents import DOCS, ROOT, anchors

FOLDER = ROOT / "deploy" / "prometheus"
RULES = {text.split("\n", 1)[0]: text for text in (FOLDER / "alerts.yml").read_text().split("- alert: ")[1:]}
METRICS = {f"{metric.name}{'_total' if metric.type == 'counter' else ''}" for metric in REGISTRY.collect()}


@pytest.mark.parametrize("name", RULES)
def test_a_rule(name: str) -> None:
    """A rule uses metrics that exist, names an entry of the runbook, and has a test that makes it fire."""
    [(page, entry)] = re.findall(r"runbook_url: (\S+)#(\S+)", RULES[name])
    expression = RULES[name].partition("labels:")[0]
    assert set(re.findall(r"linkskipper_\w+", expression)) <= METRICS
    assert page == "docs/guides/runbook.md"
    assert entry in anchors(DOCS / "guides/runbook.md")
    assert f'alertname="{name}"' in (FOLDER / "alerts_test.yml").read_text()
