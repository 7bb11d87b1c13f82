"""A drawing of boxes, arrows and words as SVG, with no font and no file of anybody else."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

INK, PAPER, PALE = "#24292f", "#ffffff", "#57606a"
MESH, PLAIN, REFUSED, CONTROL = "#1a7f37", "#0969da", "#cf222e", "#8250df"
"""Colors of arrows: mutual TLS, plain text, a refused call, and the control plane's configuration."""
FONT = "font-family=\"-apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif\""
HEAD = 7.0
"""Length of an arrow's head."""


@dataclass
class Drawing:
    """A picture of a fixed size; what is drawn later lies above."""

    width: int
    height: int
    title: str
    parts: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, height: float, *, fill: str = PAPER, edge: str = INK) -> None:
        """Draw a box with round corners."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" fill="{fill}" stroke="{edge}"/>'
        )

    def text(self, x: float, y: float, words: str, *, size: int = 13, color: str = INK, anchor: str = "middle") -> None:
        """Write one line; `y` is its base line."""
        style = f'font-size="{size}" fill="{color}" text-anchor="{anchor}"'
        self.parts.append(f'<text x="{x:g}" y="{y:g}" {style}>{escape(words)}</text>')

    def arrow(self, points: Iterable[tuple[float, float]], color: str, *, dashed: bool = False) -> None:
        """Draw an arrow along these points."""
        *line, (x, y) = points
        fromx, fromy = line[-1]
        length = ((x - fromx) ** 2 + (y - fromy) ** 2) ** 0.5
        dx, dy = (x - fromx) / length, (y - fromy) / length
        neck = (x - HEAD * dx, y - HEAD * dy)
        path = " ".join(f"{px:g},{py:g}" for px, py in [*line, neck])
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.8"{dash}/>')
        wings = [(neck[0] - HEAD * dy / 2, neck[1] + HEAD * dx / 2), (neck[0] + HEAD * dy / 2, neck[1] - HEAD * dx / 2)]
        tip = " ".join(f"{px:.1f},{py:.1f}" for px, py in [(x, y), *wings])
        self.parts.append(f'<polygon points="{tip}" fill="{color}"/>')

    def render(self) -> str:
        """Return the picture as SVG."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img" {FONT}>'
        )
        paper = f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}"/>'
        return "\n".join([head, f"<title>{escape(self.title)}</title>", paper, *self.parts, "</svg>\n"])
