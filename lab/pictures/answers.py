"""Plots of what the local cluster's Prometheus answers to the dashboards' queries.

`python -m lab.pictures.answers SECONDS` draws docs/answers-NAME.svg for each dashboard while Prometheus runs there. It
shows no Grafana.
"""

import re
import sys
import time
from collections.abc import Mapping
from itertools import pairwise
from math import isnan, nan
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab import prometheus
from lab.bench.plots import svg
from lab.cluster.names import CHECKOUT
from pi_mesh.monitoring.dashboards import ALL, EGRESS, INGRESS, WORKLOADS, Dashboard, Panel

FOLDER = CHECKOUT / "docs"
NAMES = {INGRESS: "istio-ingressgateway", EGRESS: "istio-egressgateway", WORKLOADS: "trading"}
COLUMNS, WIDTH, HEIGHT = 2, 6, 1.9
POINTS = 150
"""Points of a line; more would only make the file larger."""
LINES = 9
"""Lines with a legend: as many as have room beside the plot."""
UNITS = {
    "bytes": (("MiB", 1024 * 1024),),
    "percent": (("%", 1),),
    "s": (("days", 86400), ("hours", 3600), ("seconds", 1)),
}
"""Words for Grafana's units, the largest first, and what each is in the query's own unit; a count has none."""

Series = dict[str, Any]


def draw(seconds: int) -> None:
    """Draw the answers of the last seconds to each dashboard's queries that this Envoy has the metrics for."""
    step = max(1, seconds // POINTS)
    for page in ALL:
        asked = [(panel, query) for panel, query in page.queries(NAMES) if not panel.istio_metrics]
        answers = [(panel, prometheus.history(query, seconds, step)) for panel, query in asked]
        file(page).write_text(picture(answers, time.time(), step))


def file(page: Dashboard) -> Path:
    return FOLDER / f"answers-{page.name}.svg"


def picture(answers: list[tuple[Panel, list[Series]]], end: float, step: int) -> str:
    """Return one small plot for each panel, with the last value of each line beside its name."""
    rows = -(-len(answers) // COLUMNS)
    figure = Figure(figsize=(COLUMNS * WIDTH, rows * HEIGHT), layout="constrained")
    plots = list(figure.subplots(rows, COLUMNS, sharex=True).flat)
    for plot, (panel, lines) in zip(plots, answers, strict=False):
        _plot(plot, panel, [(line["metric"], _points(line["values"], end, step)) for line in lines])
    for plot in plots[len(answers) :]:
        plot.remove()
    for plot in plots[len(answers) - COLUMNS : len(answers)]:
        plot.set_xlabel("minutes before the end", fontsize=8)
        plot.tick_params(labelbottom=True)
    return svg(figure)


def _points(values: list[tuple[float, str]], end: float, step: int) -> list[tuple[float, float]]:
    """Return minutes and values, with a value that is no number where the series was not there."""
    points = [((at - end) / 60, float(value)) for at, value in values]
    gaps = [(before + step / 60, nan) for (before, _), (after, _) in pairwise(points) if after - before > step / 30]
    return sorted(points + gaps)


def _plot(plot: Axes, panel: Panel, lines: list[tuple[Mapping[str, str], list[tuple[float, float]]]]) -> None:
    (legend,) = panel.queries
    greatest = max((value for _, points in lines for _, value in points if not isnan(value)), default=0)
    unit, divisor = _unit(panel, greatest)
    for number, (labels, points) in enumerate(lines):
        times, values = zip(*((at, value / divisor) for at, value in points), strict=True)
        label = f"{values[-1]:,.4g}  {_named(legend, labels)}" if number < LINES else None
        plot.plot(times, values, linewidth=1.2, label=label)
    plot.set_title(panel.title, fontsize=10, loc="left")
    plot.set_ylabel(unit, fontsize=8)
    plot.tick_params(labelsize=8)
    plot.set_ylim(0, greatest / divisor * 1.1 or 1)
    plot.spines[["top", "right"]].set_visible(False)
    if lines:
        plot.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1, 1.05))


def _unit(panel: Panel, greatest: float) -> tuple[str, int]:
    """Return the largest unit in which the greatest value is at least 1, or the smallest; and its divisor."""
    units = UNITS.get(panel.unit, (("", 1),))
    return next((unit for unit in units if greatest >= unit[1]), units[-1])


def _named(legend: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


if __name__ == "__main__":
    draw(int(sys.argv[1]))
