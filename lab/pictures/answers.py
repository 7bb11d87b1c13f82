"""A plot of what the local cluster's Prometheus answers to the dashboards' queries.

`python -m lab.pictures.answers SECONDS` draws docs/answers.svg while Prometheus runs there. It shows no Grafana.
"""

import re
import sys
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab import prometheus
from lab.cluster.names import CHECKOUT
from pi_mesh.monitoring.dashboard import EGRESS, INGRESS, WORKLOADS, Panel
from pi_mesh.monitoring.dashboards import ALL

FILE = CHECKOUT / "docs" / "answers.svg"
NAMES = {INGRESS: "istio-ingressgateway", EGRESS: "istio-egressgateway", WORKLOADS: "trading"}
COLUMNS, WIDTH, HEIGHT = 4, 4.2, 2.4
LINES = 6
"""Lines with a legend; more would hide the plot."""


def draw(seconds: int) -> None:
    """Draw the answers of the last seconds, one small plot for each panel that this Envoy has the metrics for."""
    asked = [(page.title, *each) for page in ALL for each in page.queries(NAMES) if not each[0].istio_metrics]
    rows = -(-len(asked) // COLUMNS)
    figure = Figure(figsize=(COLUMNS * WIDTH, rows * HEIGHT), layout="constrained")
    plots = figure.subplots(rows, COLUMNS).flat
    for plot, (page, panel, query) in zip(plots, asked, strict=False):
        _plot(plot, f"{page}: {panel.title}", panel, prometheus.history(query, seconds))
    for plot in list(plots)[len(asked) :]:
        plot.set_axis_off()
    figure.savefig(FILE)


def _plot(plot: Axes, title: str, panel: Panel, answers: list[dict]) -> None:
    (legend,) = panel.queries
    for number, series in enumerate(answers):
        times, values = zip(*series["values"], strict=True)
        begun = times[-1]
        label = _named(legend, series["metric"]) if number < LINES else None
        plot.plot([each - begun for each in times], [float(value) for value in values], linewidth=1, label=label)
    plot.set_title(title, fontsize=8)
    plot.set_ylabel(panel.unit, fontsize=7)
    plot.tick_params(labelsize=6)
    plot.set_ylim(bottom=0)
    if answers:
        plot.legend(fontsize=5)


def _named(legend: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


if __name__ == "__main__":
    draw(int(sys.argv[1]))
