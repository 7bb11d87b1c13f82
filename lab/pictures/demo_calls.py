"""The picture of the demo's calls, for docs/demo.md."""

from lab.pictures.svg import INK, MESH, PALE, PLAIN, REFUSED, Drawing

PROXY, APP, ROOM = "#dafbe1", "#ffffff", "#f6f8fa"


def demo() -> str:
    """Return the picture: the calls that pass, and the two that are refused."""
    drawing = Drawing(860, 360, "The demo: a canary, orders, and two callers that are refused")
    drawing.box(330, 40, 510, 200, fill=ROOM, edge="#d0d7de")
    drawing.text(585, 30, "namespace demo: every pod has a sidecar")
    drawing.box(20, 40, 120, 200, fill=ROOM, edge="#d0d7de")
    drawing.text(80, 30, "outside")
    _box(drawing, 34, 64, 92, "curl")
    _box(drawing, 34, 184, 92, "stranger")
    _box(drawing, 180, 64, 112, "ingress gateway", PROXY)
    for y, name in ((52, "prices v1"), (98, "prices v2"), (150, "orders")):
        _box(drawing, 520, y, 130, name, PROXY)
    _box(drawing, 720, 150, 100, "caller", PROXY)
    drawing.arrow([(126, 82), (180, 82)], PLAIN)
    drawing.arrow([(292, 76), (520, 70)], MESH)
    drawing.text(410, 66, "90 of 100 prices", size=11, color=PALE)
    drawing.arrow([(292, 86), (520, 112)], MESH)
    drawing.text(410, 116, "10 of 100 prices", size=11, color=PALE)
    drawing.arrow([(250, 100), (250, 168), (520, 168)], MESH)
    drawing.text(400, 160, "every order once", size=11, color=PALE)
    drawing.arrow([(720, 168), (650, 168)], REFUSED)
    drawing.text(685, 158, "no rule: 403", size=11, color=REFUSED)
    drawing.arrow([(126, 202), (585, 202), (585, 186)], REFUSED)
    drawing.text(450, 220, "no certificate: connection reset", size=11, color=REFUSED)
    for number, (color, words) in enumerate(
        (
            (PLAIN, "plain HTTP, up to the ingress gateway"),
            (MESH, "mutual TLS inside the mesh"),
            (REFUSED, "refused"),
        )
    ):
        drawing.arrow([(180, 272 + number * 26), (230, 272 + number * 26)], color)
        drawing.text(242, 276 + number * 26, words, color=INK, anchor="start")
    return drawing.render()


def _box(drawing: Drawing, x: float, y: float, width: float, words: str, fill: str = APP) -> None:
    drawing.box(x, y, width, 36, fill=fill)
    drawing.text(x + width / 2, y + 23, words, size=12)
