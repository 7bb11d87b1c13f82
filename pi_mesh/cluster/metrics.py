"""The Prometheus text format, in which kubelets and proxies show their counters.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
"""A label and its value, in which quotes, backslashes and ends of lines are escaped."""


class Sample(NamedTuple):
    """One line: the value of a metric for one set of labels."""

    metric: str
    labels: Mapping[str, str]
    """Labels with their values, which stay escaped."""
    value: float
    milliseconds: int
    """Time of the value by the answering clock; 0 without one."""


def samples(text: str, *metrics: str) -> Iterator[Sample]:
    """Yield the lines of these metrics."""
    line = re.compile(rf"^({'|'.join(metrics)})\{{(.*)\}} (\S+)(?: (\d+))?$", re.MULTILINE)
    for match in line.finditer(text):
        metric, labels, value, milliseconds = match.groups()
        yield Sample(metric, dict(LABEL.findall(labels)), float(value), int(milliseconds or 0))
