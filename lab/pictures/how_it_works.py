"""The picture of a run of `pulumi up`, for docs/how-it-works.md."""

from lab.pictures.svg import INK, MESH, PALE, REFUSED, Drawing

FILE, CHECK, STEP, STOP = "#ddf4ff", "#fff8c5", "#dafbe1", "#ffebe9"
"""Fills: the user's file, a check, a step that changes the cluster, and an end without a change."""
WIDTH, HEIGHT = 164.0, 56.0


def how_it_works() -> str:
    """Return the picture: the checks before anything changes, the installation in its order, and the proof."""
    drawing = Drawing(930, 390, "From your settings to a mesh that is verified")
    _box(drawing, 20, 40, FILE, "Pulumi.STACK.yaml", "your settings")
    _box(drawing, 230, 40, CHECK, "settings", "valid?")
    _box(drawing, 440, 40, CHECK, "preflight", "can the cluster carry it?")
    _box(drawing, 230, 140, STOP, "every problem at once", "nothing is touched")
    _box(drawing, 440, 140, STOP, "node, object and cure", "nothing is touched")
    _box(drawing, 20, 270, STEP, "istio-base", "CRDs")
    _box(drawing, 230, 270, STEP, "istiod", "up waits until it answers")
    _box(drawing, 440, 230, STEP, "gateways", "ingress and egress")
    _box(drawing, 440, 310, STEP, "mutual TLS", "trading namespace")
    _box(drawing, 650, 310, STEP, "traffic", "routes, access rules")
    _box(drawing, 746, 230, CHECK, "operations verify", "as the settings say?")
    _arrows(drawing)
    return drawing.render()


def _arrows(drawing: Drawing) -> None:
    drawing.arrow([(184, 68), (230, 68)], INK)
    drawing.arrow([(394, 68), (440, 68)], MESH)
    drawing.text(417, 60, "yes", size=11, color=PALE)
    for x in (312, 522):
        drawing.arrow([(x, 96), (x, 140)], REFUSED)
        drawing.text(x + 14, 122, "no", size=11, color=PALE)
    drawing.arrow([(604, 68), (640, 68), (640, 214), (102, 214), (102, 270)], MESH)
    drawing.text(662, 120, "yes", size=11, color=PALE)
    drawing.arrow([(184, 298), (230, 298)], MESH)
    drawing.arrow([(394, 286), (418, 286), (418, 258), (440, 258)], MESH)
    drawing.arrow([(394, 310), (418, 310), (418, 338), (440, 338)], MESH)
    drawing.arrow([(604, 338), (650, 338)], MESH)
    drawing.arrow([(604, 258), (746, 258)], INK)
    drawing.arrow([(814, 338), (835, 338), (835, 286)], INK)


def _box(drawing: Drawing, x: float, y: float, fill: str, name: str, note: str) -> None:
    drawing.box(x, y, WIDTH, HEIGHT, fill=fill)
    drawing.text(x + WIDTH / 2, y + 24, name)
    drawing.text(x + WIDTH / 2, y + 42, note, size=11, color=PALE)
