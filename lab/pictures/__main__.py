"""The command `python -m lab.pictures`: write the drawings and plots; with names, pictures of those commands."""

import argparse
import sys

from lab.bench import plots
from lab.bench.growth import curves
from lab.cluster.names import CHECKOUT
from lab.pictures import comment, terminal
from lab.pictures.demo_calls import demo
from lab.pictures.how_it_works import how_it_works
from lab.pictures.layers import layers
from lab.pictures.mesh import mesh

DOCS = CHECKOUT / "docs"
DRAWINGS = {"mesh.svg": mesh, "demo.svg": demo, "how-it-works.svg": how_it_works, "layers.svg": layers}
PLOTS = {"bench": plots.comparison, "footprint": plots.footprint, "growth": curves.growth}
"""Plots of the pages of the same name."""
COMMANDS = {
    "up": "pulumi up -s lab --yes --skip-preview --suppress-outputs",
    "verify": "python -m operations verify -s lab --all",
    "demo": "make demo",
}
"""Commands whose output becomes a picture; run them after `. .lab/env`."""
COMMENT = "comment"
"""The picture that a browser takes of a pull request's comment."""


def main() -> int:
    """Write the pictures and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lab.pictures", description="Write the pictures of the documents.")
    choices = [[], COMMENT, *COMMANDS]
    parser.add_argument("name", nargs="*", choices=choices, help="a command to run, or the pull request's comment")
    names = parser.parse_args().name
    for name in names:
        if name == COMMENT:
            comment.write(DOCS / f"{COMMENT}.png")
        else:
            _of_command(name)
    if not names:
        _drawings()
    return 0


def _drawings() -> None:
    for file, draw in DRAWINGS.items():
        (DOCS / file).write_text(draw())
    for page, draw in PLOTS.items():
        (DOCS / f"{page}.svg").write_text(draw((DOCS / f"{page}.md").read_text()))


def _of_command(name: str) -> None:
    """Run a command and write the picture of its output."""
    command = COMMANDS[name]
    shown = command.partition(" --yes")[0]
    drawn = terminal.picture(shown, terminal.run(command.split()), f"terminal-{name}")
    (DOCS / f"terminal-{name}.svg").write_text(drawn)


if __name__ == "__main__":
    sys.exit(main())
