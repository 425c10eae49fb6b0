"""The dashboard for Grafana shows every metric, and none that does not exist."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from support.documents import ROOT
from tools import promtool

CONTENT = json.loads((ROOT / "deploy" / "grafana" / "linkskipper.json").read_text())
PANELS: list[Any] = [panel for panel in CONTENT["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
SERIES = {sample for metric in REGISTRY.collect() for sample in (metric.name, *(s.name for s in metric.samples))}
METRICS = {metric.name: metric.type for metric in REGISTRY.collect() if metric.name.startswith("linkskipper_")}
SUFFIXES = {"counter": "_total", "histogram": "_bucket"}
NAMES = {f"{name}{SUFFIXES.get(kind, '')}" for name, kind in METRICS.items()}


def test_it_shows_every_metric() -> None:
    """Each metric of ours is in a query, with the name that Prometheus stores."""
    assert set(re.findall(r"\blinkskipper_\w+", " ".join(QUERIES))) == NAMES
    assert set(re.findall(r"\bprocess_\w+", " ".join(QUERIES))) <= SERIES


def test_prometheus_accepts_the_queries(tmp_path: Path) -> None:
    """Every query is one that Prometheus can run."""
    rules = [
        {"record": f"query:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(QUERIES)
    ]
    file = tmp_path / "queries.json"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    program = promtool.find()
    assert program is not None, "`python -m tools.test_programs` installs promtool"
    checked = subprocess.run([program, "check", "rules", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel(panel: Any) -> None:
    """It has a unit, a place of its own, and a legend for each query. It asks the data source that a reader chooses."""
    place = panel["gridPos"]
    others = [other["gridPos"] for other in CONTENT["panels"] if other is not panel]
    assert place["x"] + place["w"] <= 24
    assert not any(
        other["x"] < place["x"] + place["w"]
        and place["x"] < other["x"] + other["w"]
        and other["y"] < place["y"] + place["h"]
        and place["y"] < other["y"] + other["h"]
        for other in others
    )
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert all(target["legendFormat"] for target in panel["targets"])
    assert panel["datasource"]["uid"] == "${datasource}"
