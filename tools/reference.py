"""Write the tables of docs/reference/settings.md and metrics.md from the code (`make reference`). Other text stays."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from linkskipper import metrics
from linkskipper.settings import PREFIX, Settings

FOLDER = Path("docs/reference")
_TABLE = re.compile(r"\| (?:Variable|Metric) \|(?:.*\n)+?(?=\n|\Z)")


def main() -> None:
    """Write the pages."""
    for name, write in PAGES.items():
        page = FOLDER / name
        page.write_text(write(page.read_text(encoding="utf-8")), encoding="utf-8")
        sys.stdout.write(f"{page}\n")


def with_settings(page: str) -> str:
    """Return the page of settings with the table of each section as the code has it."""
    for section in sections():
        page = _with_table(page, f"## {str(section.__doc__).removesuffix('.')}\n", _settings(section))
    return page


def with_metrics(page: str) -> str:
    """Return the page of metrics with the table as the code has it."""
    return _with_table(page, "# Metrics\n", _metrics())


PAGES = {"settings.md": with_settings, "metrics.md": with_metrics}


def _with_table(page: str, heading: str, table: str) -> str:
    """Replace the first table below a heading.

    Raises:
        ValueError: the page has no such heading, or no table below it.
    """
    before, found, after = page.partition(heading)
    after, count = _TABLE.subn(lambda _: table, after, count=1)
    if not found or not count:
        raise ValueError(f"There is no table below {heading.strip()}")
    return before + found + after


def sections() -> Sequence[type]:
    """Return the classes that hold the settings, in the order of the page."""
    return Settings.__bases__[::-1]


def _settings(section: type) -> str:
    rows = [_setting(name) for name in Settings.model_fields if name in section.__annotations__]
    return "| Variable | Default | Meaning |\n|---|---|---|\n" + "".join(rows)


def _setting(name: str) -> str:
    field = Settings.model_fields[name]
    extra: Any = field.json_schema_extra or {}
    return f"| `{PREFIX}{name.upper()}` | {extra.get('shown') or _shown(field.default)} | {field.description} |\n"


def _shown(default: object) -> str:
    """Return a default as one writes it in a variable."""
    if default is None or default == ():
        return "none"
    if isinstance(default, tuple):
        return f"`{','.join(default)}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _metrics() -> str:
    kinds = (Counter, Gauge, Histogram)
    rows = [_metric(value) for value in vars(metrics).values() if isinstance(value, kinds) and not value._labelvalues]  # noqa: SLF001
    return "| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n" + "".join(rows)


def _metric(metric: Counter | Gauge | Histogram) -> str:
    [described] = metric.describe()
    name = f"{described.name}_total" if described.type == "counter" else described.name
    labels = ", ".join(f"`{label}`" for label in metric._labelnames) or "none"  # noqa: SLF001
    return f"| `{name}` | {described.type} | {labels} | {described.documentation} |\n"


if __name__ == "__main__":
    main()
