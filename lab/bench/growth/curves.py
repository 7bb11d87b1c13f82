"""The plot of docs/growth.md, from its own tables: linear axes, so that an exponent of 1 is a straight line."""

from collections.abc import Iterator, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.bench.growth.bare_program import FLOOR
from lab.bench.plots import apart, svg, table

SECONDS = "s at "
COLORS = {
    "pulumi up": "#0969da",
    "pulumi preview": "#1a7f37",
    "verify": "#8250df",
    "preflight": "#bc4c00",
    "budget": "#57606a",
}
GAP = 0.075
"""Least distance between two labels, as a share of the panel's height."""


def growth(page: str) -> str:
    """Return the plot: a panel for each dimension, a line for each command, the floor's dashed."""
    parts = [part.partition("\n") for part in page.split("\n## ")[1:] if "\n| " in part]
    figure = Figure(figsize=(9, 3.8 * len(parts)), layout="constrained")
    panels = figure.subplots(len(parts), squeeze=False)[:, 0]
    for panel, (title, _, text) in zip(panels, parts, strict=True):
        heads, *rows = table(text)
        places = [place for place, head in enumerate(heads) if head.startswith(SECONDS)]
        sizes = [int(heads[place].removeprefix(SECONDS).replace(",", "")) for place in places]
        _draw(panel, sizes, {row[0]: [float(row[place]) for place in places] for row in rows})
        panel.set_title(title, loc="left", fontsize=11)
    return svg(figure)


def _draw(panel: Axes, sizes: Sequence[int], lines: dict[str, list[float]]) -> None:
    top = 1.1 * max(value for values in lines.values() for value in values)
    for name, values in lines.items():
        style = "o--" if name.startswith(FLOOR) else "o-"
        panel.plot(sizes, values, style, markersize=4, color=_color(name))
    ends = sorted((values[-1], name) for name, values in lines.items())
    for place, (value, name) in zip(apart([end for end, _ in ends], GAP * top), ends, strict=True):
        panel.annotate(
            f"{value:.1f} s  {name}",
            (sizes[-1], value),
            (1.04 * sizes[-1], place),
            va="center",
            color=_color(name),
            arrowprops={"arrowstyle": "-", "color": _color(name), "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3},
        )
    panel.set(ylabel="seconds", xlim=(0, 1.4 * sizes[-1]), ylim=(0, top), xticks=list(_readable(sizes)))
    panel.spines[["top", "right"]].set_visible(False)


def _readable(sizes: Sequence[int]) -> Iterator[int]:
    """Yield the sizes whose numbers don't run into one another below the axis."""
    last = -sizes[-1]
    for size in sizes:
        if size - last >= 0.04 * sizes[-1]:
            last = size
            yield size


def _color(command: str) -> str:
    return COLORS[command.removeprefix(FLOOR)]
