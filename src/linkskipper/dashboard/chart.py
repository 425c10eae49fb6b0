"""A chart of use, as numbers for an SVG."""

from collections.abc import Sequence
from typing import NamedTuple

from linkskipper.dashboard.words import number
from linkskipper.usage import UsageBucket, UsagePeriod

HEIGHT = 100
PARTS = ("done", "cached", "failed", "invalid")  # from the bottom up


class Bar(NamedTuple):
    """A part of a column. The unit of `x` and `width` is a thousandth, that of `y` and `height` a hundredth."""

    part: str
    x: float
    y: float
    width: float
    height: float


class Column(NamedTuple):
    """A bucket: its name, its sentence, and its bars."""

    name: str
    sentence: str
    bars: Sequence[Bar]


class UsageChart(NamedTuple):
    """The use in a period. `median` is left out: `mean_ms` is the mean time of links that are done."""

    period: UsagePeriod
    columns: Sequence[Column]
    highest: int
    total: UsageBucket
    mean_ms: float | None


def usage_chart(buckets: Sequence[UsageBucket], period: UsagePeriod) -> UsageChart:
    """Return the chart of all buckets of a period."""
    highest = max(bucket.total for bucket in buckets)
    width = 1000 / len(buckets)
    columns = [_column(bucket, period, place * width, width, highest) for place, bucket in enumerate(buckets)]
    sums = {name: sum(getattr(bucket, name) for bucket in buckets) for name in (*PARTS, "credits", "milliseconds")}
    total = UsageBucket(buckets[0].begin, **sums)
    return UsageChart(period, columns, highest, total, total.milliseconds / total.done if total.done else None)


def _column(bucket: UsageBucket, period: UsagePeriod, x: float, width: float, highest: int) -> Column:
    bars, top = [], float(HEIGHT)
    for part in PARTS:
        height = HEIGHT * getattr(bucket, part) / highest if highest else 0
        if height:
            top -= height
            bars.append(Bar(part, round(x, 2), round(top, 2), round(width * 0.8, 2), round(height, 2)))
    name = bucket.begin.strftime("%H:%M UTC" if period is UsagePeriod.DAY else "%Y-%m-%d")
    told = ", ".join(f"{number(getattr(bucket, part))} {part}" for part in PARTS)
    return Column(name, f"{name}: {told}, {number(bucket.credits)} credits", bars)
