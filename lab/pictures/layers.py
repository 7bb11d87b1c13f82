"""The picture of the layers, for docs/architecture.md, drawn from the contracts in pyproject.toml."""

import tomllib

from lab.cluster.names import CHECKOUT
from lab.pictures.svg import INK, PALE, PLAIN, Drawing

WIDTH, HEIGHT, STEP, TOP, MIDDLE = 112.0, 30.0, 56.0, 26.0, 300.0
ROOM, LAYER, APART = "#ddf4ff", "#ffffff", "#f6f8fa"


def layers() -> str:
    """Return the picture: a row for each layer, which may import the rows below it."""
    linter = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in linter["contracts"]}
    apart = contracts["policies"]["source_modules"]
    rooms, package = (row.split(" | ") for row in contracts["rooms"]["layers"])
    rows = [row.split(" | ") for row in contracts["layers"]["layers"]]
    height = TOP + STEP * (len(rows) + 1) + 30
    drawing = Drawing(860, int(height), "The layers: a module may import the layers below its own")
    _row(drawing, TOP, [room for room in rooms if room not in apart], ROOM)
    drawing.box(20, TOP + STEP + 6, 560, STEP * len(rows) + 2, fill=APART, edge="#d0d7de")
    drawing.text(566, TOP + STEP + 24, ", ".join(package), color=PALE, anchor="end")
    for number, row in enumerate(rows, start=1):
        y = TOP + STEP * number + 16
        drawing.arrow([(MIDDLE, y - STEP + HEIGHT if number > 1 else TOP + HEIGHT), (MIDDLE, y)], PLAIN)
        _row(drawing, y, row, LAYER)
    for number, name in enumerate(apart):
        drawing.box(660, TOP + number * STEP, WIDTH, HEIGHT, fill=ROOM)
        drawing.text(660 + WIDTH / 2, TOP + number * STEP + 20, name)
        drawing.text(660 + WIDTH / 2, TOP + number * STEP + 48, "imports none of the others", size=11, color=PALE)
    drawing.arrow([(600, height - 40), (640, height - 40)], PLAIN)
    drawing.text(650, height - 36, "may import this row and those below", size=11, color=INK, anchor="start")
    return drawing.render()


def _row(drawing: Drawing, y: float, names: list[str], fill: str) -> None:
    gap = 16
    left = MIDDLE - (len(names) * (WIDTH + gap) - gap) / 2
    for number, name in enumerate(names):
        x = left + number * (WIDTH + gap)
        drawing.box(x, y, WIDTH, HEIGHT, fill=fill)
        drawing.text(x + WIDTH / 2, y + 20, name)
