"""The picture of the mesh on three Pis, for the README."""

from lab.pictures.svg import CONTROL, INK, MESH, PALE, PLAIN, Drawing

PI, APP, PROXY, OWN = "#f6f8fa", "#ffffff", "#dafbe1", "#ddf4ff"
"""Fills: a Pi, an application, a sidecar or gateway, and istiod."""
LEFT, STEP, TOP, PI_WIDTH, PI_HEIGHT = 130, 230, 50, 200, 230


def mesh() -> str:
    """Return the picture: the way of a request from the client to the broker, and who configures the proxies."""
    drawing = Drawing(930, 400, "The mesh on three Raspberry Pis")
    for number in range(3):
        x = LEFT + number * STEP
        drawing.box(x, TOP, PI_WIDTH, PI_HEIGHT, fill=PI, edge="#d0d7de")
        drawing.text(x + PI_WIDTH / 2, TOP - 10, f"pi-{number + 1}, 4 GB", size=14)
    _gateway(drawing, 0, "ingress gateway")
    _gateway(drawing, 2, "egress gateway")
    _istiod(drawing)
    for number, name in enumerate(("orders", "prices", "agent")):
        _workload(drawing, number, name)
    _calls(drawing)
    _legend(drawing)
    return drawing.render()


def _gateway(drawing: Drawing, number: int, name: str) -> None:
    x = LEFT + number * STEP + 30
    drawing.box(x, 70, 140, 44, fill=PROXY)
    drawing.text(x + 70, 97, name)


def _istiod(drawing: Drawing) -> None:
    x = LEFT + STEP + 30
    drawing.box(x, 70, 140, 44, fill=OWN)
    drawing.text(x + 70, 90, "istiod")
    drawing.text(x + 70, 106, "configuration, certificates", size=10, color=PALE)


def _workload(drawing: Drawing, number: int, name: str) -> None:
    """Draw a pod of the trading namespace: its sidecar to the left of the application."""
    x = LEFT + number * STEP + 20
    drawing.box(x, 196, 76, 44, fill=PROXY)
    drawing.text(x + 38, 222, "sidecar", size=12)
    drawing.box(x + 84, 196, 76, 44, fill=APP)
    drawing.text(x + 122, 222, name)
    drawing.arrow([(x + 76, 218), (x + 84, 218)], PLAIN)
    drawing.text(x + 80, 258, "pod in trading", size=11, color=PALE)


def _calls(drawing: Drawing) -> None:
    first, second, third = (LEFT + number * STEP for number in range(3))
    drawing.box(20, 74, 76, 36)
    drawing.text(58, 97, "client")
    drawing.arrow([(96, 92), (first + 30, 92)], PLAIN)
    drawing.box(834, 74, 80, 36)
    drawing.text(874, 97, "broker")
    drawing.arrow([(third + 170, 92), (834, 92)], PLAIN)
    drawing.arrow([(first + 40, 114), (first + 40, 196)], MESH)
    drawing.arrow([(first + 84, 196), (first + 84, 170), (second + 40, 170), (second + 40, 196)], MESH)
    drawing.arrow([(third + 58, 196), (third + 58, 114)], MESH)
    drawing.arrow([(second + 70, 114), (second + 70, 196)], CONTROL, dashed=True)
    drawing.arrow([(second + 30, 86), (first + 170, 86)], CONTROL, dashed=True)
    drawing.arrow([(second + 170, 86), (third + 30, 86)], CONTROL, dashed=True)
    drawing.arrow([(second + 90, 114), (second + 90, 150), (third + 40, 150), (third + 40, 196)], CONTROL, dashed=True)
    drawing.arrow([(second + 50, 114), (second + 50, 150), (first + 62, 150), (first + 62, 196)], CONTROL, dashed=True)


def _legend(drawing: Drawing) -> None:
    entries = (
        (MESH, False, "mutual TLS: encrypted, and both sides prove who they are"),
        (PLAIN, False, "plain HTTP, or TLS of the outside"),
        (CONTROL, True, "istiod tells every proxy where to send, whom to admit, and renews its certificate"),
    )
    for number, (color, dashed, words) in enumerate(entries):
        y = 314 + number * 26
        drawing.arrow([(LEFT, y), (LEFT + 50, y)], color, dashed=dashed)
        drawing.text(LEFT + 62, y + 4, words, color=INK, anchor="start")
