"""The plots of measured pages, from their own tables: linear axes, limits drawn in, numbers at the bars."""

from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import groupby
from statistics import fmean

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
    """Return the plot of docs/footprint.md: the memory of each part by the number of services, a panel a series."""
    series = list(memory(page))
    highest = max(LIMIT, *(value for _, _, parts in series for values in parts.values() for value in values)) * 1.1
    figure = Figure(figsize=(2 + 4.5 * len(series), 4.5), layout="constrained")
    panels = figure.subplots(1, len(series), squeeze=False, sharey=True)[0]
    for panel, (title, services, parts) in zip(panels, series, strict=True):
        ends = [values[-1] for values in parts.values()]
        for (part, values), place in zip(parts.items(), apart(ends, highest / 20), strict=True):
            (line,) = panel.plot(services, values, "o-", markersize=4)
            look = {"color": line.get_color(), "va": "center", "textcoords": "data", "annotation_clip": False}
            stem = {"arrowstyle": "-", "color": line.get_color(), "linewidth": 0.8, "shrinkA": 0, "shrinkB": 3}
            at = (services[-1] * 1.04, place)
            panel.annotate(f"{values[-1]}  {part}", (services[-1], values[-1]), at, arrowprops=stem, **look)
        panel.hlines(LIMIT, 0, services[-1], linestyle="--", color=EDGE)
        panel.annotate(f"limit, {LIMIT} MiB", (0, LIMIT), (4, -14), textcoords="offset points", color=EDGE)
        panel.set(xlabel="services", xlim=(0, services[-1] * 1.7), ylim=(0, highest), xticks=services)
        panel.set_title(title, loc="left", fontsize=11)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("MiB")
    return svg(figure)


def memory(page: str) -> Iterator[tuple[str, list[int], dict[str, list[int]]]]:
    """Yield each series of the memory at rest: its title, the numbers of services, and the MiB of each part."""
    section = page.partition("## Memory at rest")[2].partition("\n## ")[0]
    titled = section.split("\n### ")[1:] or [f"\n{section}"]
    for text in titled:
        (_, *sizes), *rows = table(text)
        parts = {part: [int(value.strip("*")) for value in values] for part, *values in rows}
        yield text.partition("\n")[0], [int(size) for size in sizes], parts


def apart(places: Sequence[float], gap: float) -> list[float]:
    """Return the places moved so far that each two are a gap apart, in the same order and as near as can be.

    Labels that would meet become one block around the mean of their places (pool adjacent violators); all are lifted
    where the lowest would stand below half a gap.
    """
    order = sorted(range(len(places)), key=places.__getitem__)
    blocks: list[list[float]] = []
    for number, label in enumerate(order):
        blocks.append([places[label] - number * gap])
        while len(blocks) > 1 and fmean(blocks[-2]) > fmean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    first = [fmean(block) for block in blocks for _ in block]
    lift = max(gap / 2 - first[0], 0)
    moved = {label: first[number] + number * gap + lift for number, label in enumerate(order)}
    return [moved[label] for label in range(len(places))]


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
