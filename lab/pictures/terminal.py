"""The picture of a command's output in a terminal, from a real run."""

import re
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.text import Text

WIDTH, HEIGHT = 132, 70
"""Characters of the terminal."""
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


TOKEN = re.compile(
    r"""\x1b\][^\x07\x1b]*(\x07|\x1b\\)                       # a question to the terminal (OSC)
    | \x1b\[(?P<count>[0-9;?]*)(?P<control>[A-Za-z])
    | (?P<move>[\r\n])
    | (?P<text>[^\x1b\r\n]+)""",
    re.VERBOSE,
)


def run(command: Sequence[str]) -> str:
    """Run a command as on a terminal of this size, pass its output on, and return it."""
    sized = f"stty cols {WIDTH} rows {HEIGHT}; {' '.join(command)}"
    words = ["env", f"COLUMNS={WIDTH}", "TERM=xterm-256color", "script", "-qec", sized, "/dev/null"]
    # Not text=True, which would make a line of its own of every text that covers an earlier one.
    output = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False).stdout.decode()
    sys.stdout.write(output)
    return output


def picture(title: str, output: str, name: str) -> str:
    """Return the SVG of an output with its colors."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    for line in screen(output):
        console.print(Text.from_ansi(line), soft_wrap=False)
    return console.export_svg(title=title, code_format=SVG, unique_id=name)


def screen(output: str) -> list[str]:
    """Return the lines as a terminal shows them in the end: programs go back, and write over what they wrote."""
    lines, row, style, at_begin = [""], 0, "", True
    for token in TOKEN.finditer(output):
        count = int(token["count"]) if (token["count"] or "").isdigit() else 1
        if token["text"] or token["control"] == "m":
            if token["text"] and at_begin:
                lines[row], at_begin = style, False
                style = ""
            if at_begin:
                style += token[0]
            else:
                lines[row] += token[0]
        elif token["control"] == "K" and at_begin:
            lines[row] = ""
        elif token["control"] == "J":
            del lines[row + 1 :]
        elif token["control"] == "A":
            row = max(row - count, 0)
        elif token["move"] or token["control"] == "B":
            at_begin = True
            row += 0 if token["move"] == "\r" else count
            lines += [""] * (row + 1 - len(lines))
    return lines
