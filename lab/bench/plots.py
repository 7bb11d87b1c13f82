"""The plots of measured pages, from their own tables: linear axes, limits drawn in, numbers at the bars."""

from collections.abc import Iterator
from io import StringIO
from itertools import groupby

from matplotlib import rc_context
from matplotlib.figure import Figure

from lab.bench.footprint_report import LIMIT

OURS, THEIRS, EDGE = "#0969da", "#afb8c1", "#24292f"


def comparison(page: str) -> str:
    """Return the plot of docs/bench.md: a bar for each median, and a line from the least to the most seconds."""
    rows = list(table(page))[1:]
    jobs = [(job, list(group)) for job, group in groupby(rows, key=lambda row: row[0])]
    heights = [len(group) for _, group in jobs]
    figure = Figure(figsize=(9, 0.5 * len(rows) + len(jobs)), layout="constrained")
    panels = figure.subplots(len(jobs), squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    for panel, (job, group) in zip(panels, jobs, strict=True):
        medians, least, most = ([float(row[place]) for row in group] for place in (2, 3, 4))
        panel.barh([row[1] for row in group], medians, color=[OURS, *[THEIRS] * (len(group) - 1)], height=0.6)
        panel.hlines(range(len(group)), least, most, color="black", linewidth=1)
        for place, row in enumerate(group):
            panel.annotate(f"{row[2]} s", (most[place], place), (6, 0), textcoords="offset points", va="center")
        panel.invert_yaxis()
        panel.set_title(job, loc="left", fontsize=11)
        panel.spines[["top", "right"]].set_visible(False)
    panels[-1].set_xlim(0, max(float(row[4]) for row in rows) * 1.12)
    panels[-1].set_xlabel("seconds: bar, the median; line, from the least to the most")
    return svg(figure)


def footprint(page: str) -> str:
    """Return the plot of docs/footprint.md: the memory of each part by the number of services, below its limit."""
    (_, *sizes), *rows = table(page.partition("## Memory at rest")[2])
    services = [int(size) for size in sizes]
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    for part, *values in rows:
        (line,) = axes.plot(services, [int(value) for value in values], "o-", markersize=4)
        end, color = (services[-1], int(values[-1])), line.get_color()
        axes.annotate(f"{values[-1]}  {part}", end, (8, 0), textcoords="offset points", va="center", color=color)
    axes.axhline(LIMIT, linestyle="--", color=EDGE)
    axes.annotate(f"limit, {LIMIT} MiB", (0, LIMIT), (4, -14), textcoords="offset points", color=EDGE)
    axes.set(xlabel="services", ylabel="MiB", xlim=(0, services[-1] * 1.3), ylim=(0, LIMIT * 1.1), xticks=services)
    axes.spines[["top", "right"]].set_visible(False)
    return svg(figure)


def table(text: str) -> Iterator[list[str]]:
    """Yield the rows of the first table of a page, its heads first."""
    begun = False
    for line in text.splitlines():
        if not line.startswith("|"):
            if begun:
                return
            continue
        begun = True
        if not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def svg(figure: Figure) -> str:
    """Return the figure as a file."""
    # Words stay words in the picture, and the same page gives the same file.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "pi-mesh", "font.family": "sans-serif"}):
        file = StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"
