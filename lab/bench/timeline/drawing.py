"""The drawing of a time line, and the same spans as a file for chrome://tracing and ui.perfetto.dev."""

import json
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from lab.bench.plots import svg
from lab.bench.timeline.spans import Span, lanes, rows

HEIGHT = 0.24
"""Inches of a row."""
LETTER = 0.0042
"""Part of the drawing's width that a letter takes: a span has its name if that fits into it."""
COLOURS = ("#a9c0ea", "#c9cdd4", "#e3c08f", "#a8cfb0", "#dcb3d5", "#e6dc9a")


def chrome(spans: Sequence[Span]) -> str:
    """Return the spans in Chrome's trace event format."""
    events = []
    for number, (lane, members) in enumerate(lanes(spans).items()):
        events.append({"ph": "M", "name": "process_name", "pid": number, "args": {"name": lane}})
        for row, ones in enumerate(rows(members)):
            events += [
                {
                    "ph": "X",
                    "name": one.name,
                    "pid": number,
                    "tid": row,
                    "ts": one.start * 1e6,
                    "dur": one.seconds * 1e6,
                }
                for one in ones
            ]
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"})


def draw(spans: Sequence[Span], title: str, file: Path) -> None:
    """Draw a row for each span that would cover another one, lane by lane, in seconds from the first."""
    first, last = min(one.start for one in spans), max(one.end for one in spans)
    placed = [(lane, row) for lane, members in lanes(spans).items() for row in rows(members)]
    figure = Figure(figsize=(14, HEIGHT * len(placed) + 1), layout="constrained")
    axes = figure.subplots()
    order = list(dict.fromkeys(lane for lane, _ in placed))
    for height, (lane, row) in enumerate(placed):
        colour = COLOURS[order.index(lane) % len(COLOURS)]
        axes.broken_barh(
            [(one.start - first, one.seconds) for one in row],
            (height - 0.45, 0.9),
            color=colour,
            edgecolor="white",
            linewidth=0.6,
        )
        for one in row:
            text = f"{one.name}  {one.seconds:.2f}"
            if one.seconds >= LETTER * len(text) * (last - first):
                axes.text(one.start - first, height, text, va="center", fontsize=6)
    heights = [height for height, (lane, _) in enumerate(placed) if height == 0 or placed[height - 1][0] != lane]
    axes.set_yticks(heights, [placed[height][0] for height in heights], fontsize=8)
    axes.set_xlim(0, last - first)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("seconds")
    axes.set_title(title, loc="left", fontsize=10)
    file.write_text(svg(figure))
