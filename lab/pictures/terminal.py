"""The picture of a command's output in a terminal, from a real run."""

import re
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.text import Text

WIDTH = 100
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: {char_height}px;
  line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's own form without its fonts, which it takes from another host."""


def run(command: Sequence[str]) -> str:
    """Run a command as on a terminal of this width, pass its output on, and return it."""
    words = ["script", "-qec", " ".join(command), "/dev/null"]
    shown = ["env", f"COLUMNS={WIDTH}", "TERM=xterm-256color", *words]
    # Not text=True, which would make a line of its own of every text that covers an earlier one.
    output = subprocess.run(shown, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False).stdout.decode()
    sys.stdout.write(output)
    return output


def picture(title: str, output: str, name: str) -> str:
    """Return the SVG of an output with its colors."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    for line in _lines(output):
        console.print(Text.from_ansi(line), soft_wrap=False)
    return console.export_svg(title=title, code_format=SVG, unique_id=name)


def _lines(output: str) -> list[str]:
    """Return the lines as a terminal shows them in the end: without what a later text of the same line covers."""
    kept = [line.rpartition("\r")[2] for line in output.replace("\r\n", "\n").split("\n")]
    return [re.sub(r"\x1b\[[0-9;?]*[A-Za-ln-z]", "", line) for line in kept]
