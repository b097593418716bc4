"""The engine's metrics as OpenMetrics text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from pgmerit import __version__
from pgmerit.routines import Row

_PREFIX = "pgmerit_"


class _Rows(Collector):
    """What badges.list_metrics gave, a family a metric."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def collect(self) -> Iterator[Metric]:
        for name, samples in groupby(self.rows, key=lambda row: row["metric"]):
            listed = list(samples)
            family = Metric(
                _PREFIX + name.removesuffix("_total"), listed[0]["help"], listed[0]["type"]
            )
            for row in listed:
                family.add_sample(_PREFIX + name, row["labels"], row["value"])
            yield family


def with_version(rows: Sequence[Row]) -> list[Row]:
    """Put this package's version before the database's metrics."""
    build = {
        "metric": "build_info",
        "type": "gauge",
        "help": "The version of the command line; always 1.",
        "labels": {"version": __version__},
        "value": 1.0,
    }
    return [build, *rows]


def exposition(rows: Sequence[Row]) -> str:
    """Write rows of `metric`, `type`, `help`, `labels`, `value` as OpenMetrics, to its # EOF."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Rows(rows))
    written: str = generate_latest(registry).decode()  # type: ignore[no-untyped-call]
    return written
